package wire

import "docket/shared/activity"

// appendJSONRecord appends a record in the order of the documentation's answers.
// A record without a RID is one to be written: it has no output-only fields.
func appendJSONRecord(dst []byte, r *activity.Record, rid []byte) []byte {
	dst = append(dst, `{"Action":"`...)
	dst = append(dst, r.Action.String()...)
	dst = append(dst, '"')
	if r.Plan != (activity.Plan{}) {
		dst = append(dst, `,"MonitoringPlan":{`...)
		if r.Plan.ID != "" {
			dst = appendJSONText(append(dst, `"ID":`...), r.Plan.ID)
		}
		if r.Plan.Name != "" {
			if r.Plan.ID != "" {
				dst = append(dst, ',')
			}
			dst = appendJSONText(append(dst, `"Name":`...), r.Plan.Name)
		}
		dst = append(dst, '}')
	}
	if rid != nil {
		dst = appendJSONOptional(dst, `,"DataSource":`, r.DataSource)
	}
	if r.Item != "" {
		dst = append(appendJSONText(append(dst, `,"Item":{"Name":`...), r.Item), '}')
	}
	dst = appendJSONText(append(dst, `,"ObjectType":`...), r.ObjectType)
	if rid != nil {
		dst = append(append(append(dst, `,"RID":"`...), rid...), '"')
	}
	dst = appendJSONText(append(dst, `,"What":`...), r.What)
	dst = append(activity.AppendWhen(append(dst, `,"When":"`...), r.When), '"')
	dst = appendJSONText(append(dst, `,"Where":`...), r.Where)
	dst = appendJSONText(append(dst, `,"Who":`...), r.Who)
	dst = appendJSONOptional(dst, `,"Workstation":`, r.Workstation)
	if rid == nil && r.ArchiveOnly {
		dst = append(dst, `,"IsArchiveOnly":true`...)
	}
	if len(r.Details) > 0 {
		dst = append(dst, `,"DetailList":[`...)
		for i := range r.Details {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONDetail(dst, &r.Details[i], rid != nil)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendJSONDetail(dst []byte, d *activity.Detail, answer bool) []byte {
	dst = appendJSONText(append(dst, `{"PropertyName":`...), d.PropertyName)
	dst = appendJSONOptional(dst, `,"Before":`, d.Before)
	dst = appendJSONOptional(dst, `,"After":`, d.After)
	if answer {
		dst = appendJSONOptional(dst, `,"Message":`, d.Message)
	}
	return append(dst, '}')
}

func appendJSONOptional(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return appendJSONText(append(dst, name...), text)
}

// appendXMLRecord appends a record in the order of the documentation's answers.
func appendXMLRecord(dst []byte, r *activity.Record, rid []byte) []byte {
	dst = append(dst, `<ActivityRecord>`...)
	if r.Plan != (activity.Plan{}) {
		dst = append(dst, `<MonitoringPlan>`...)
		dst = appendXMLOptional(dst, `<Name>`, r.Plan.Name, `</Name>`)
		dst = appendXMLOptional(dst, `<ID>`, r.Plan.ID, `</ID>`)
		dst = append(dst, `</MonitoringPlan>`...)
	}
	if rid != nil {
		dst = appendXMLOptional(dst, `<DataSource>`, r.DataSource, `</DataSource>`)
	}
	dst = appendXMLOptional(dst, `<Item><Name>`, r.Item, `</Name></Item>`)
	dst = appendXMLElement(dst, `<ObjectType>`, r.ObjectType, `</ObjectType>`)
	if rid != nil {
		dst = append(append(append(dst, `<RID>`...), rid...), `</RID>`...)
	}
	dst = appendXMLElement(dst, `<What>`, r.What, `</What>`)
	dst = append(append(append(dst, `<Action>`...), r.Action.String()...), `</Action><When>`...)
	dst = append(activity.AppendWhen(dst, r.When), `</When>`...)
	dst = appendXMLElement(dst, `<Where>`, r.Where, `</Where>`)
	dst = appendXMLElement(dst, `<Who>`, r.Who, `</Who>`)
	dst = appendXMLOptional(dst, `<Workstation>`, r.Workstation, `</Workstation>`)
	if rid == nil && r.ArchiveOnly {
		dst = append(dst, `<IsArchiveOnly>true</IsArchiveOnly>`...)
	}
	if len(r.Details) > 0 {
		dst = append(dst, `<DetailList>`...)
		for i := range r.Details {
			dst = appendXMLDetail(dst, &r.Details[i], rid != nil)
		}
		dst = append(dst, `</DetailList>`...)
	}
	return append(dst, `</ActivityRecord>`...)
}

func appendXMLDetail(dst []byte, d *activity.Detail, answer bool) []byte {
	dst = append(dst, `<Detail>`...)
	dst = appendXMLOptional(dst, `<Before>`, d.Before, `</Before>`)
	dst = appendXMLOptional(dst, `<After>`, d.After, `</After>`)
	dst = appendXMLElement(dst, `<PropertyName>`, d.PropertyName, `</PropertyName>`)
	if answer {
		dst = appendXMLOptional(dst, `<Message>`, d.Message, `</Message>`)
	}
	return append(dst, `</Detail>`...)
}

func appendXMLElement(dst []byte, open, text, end string) []byte {
	return append(appendXMLText(append(dst, open...), text), end...)
}

func appendXMLOptional(dst []byte, open, text, end string) []byte {
	if text == "" {
		return dst
	}
	return appendXMLElement(dst, open, text, end)
}
