package wire

import "docket/shared/activity"

// details reads the DetailList of the record at hand.
func (r *jsonReader) details() error {
	r.at.group, r.at.field = r.at.field, ""
	if r.peek() == kindNull {
		return r.literal("null")
	}
	if ok, err := r.enter(kindArray, "an array of details"); !ok {
		return err
	}
	for first := true; ; first = false {
		more, err := r.element(first)
		if err != nil {
			return err
		}
		if !more {
			r.at.detail, r.at.field = 0, ""
			return nil
		}
		r.at.detail++
		r.at.field = ""
		if ok, err := r.enter(kindObject, "a detail, which is an object"); err != nil {
			return err
		} else if !ok {
			continue
		}
		if err := r.detail(); err != nil {
			return err
		}
	}
}

func (r *jsonReader) detail() error {
	var d activity.Detail
	var seen set
	for first := true; ; first = false {
		name, more, err := r.member(first)
		if err != nil {
			return err
		}
		if !more {
			r.draft.addDetail(d, r.out.page)
			return nil
		}
		f := r.field(detailField, name)
		switch {
		case f == noField:
			err = r.unknown(name)
		case !seen.add(uint8(f)):
			return r.twice(name)
		default:
			var text string
			text, err = r.text(nil, f)
			setDetail(&d, f, text, r.out.page)
		}
		if err != nil {
			return err
		}
	}
}
