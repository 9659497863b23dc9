package wire

// AppendErrors appends an error answer (contract, section 6). An empty Location
// is left out.
func AppendErrors(dst []byte, f Format, errs []Error) []byte {
	if f == JSON {
		return appendJSONErrors(dst, errs)
	}
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8" ?>`+"\n"+`<ErrorList xmlns="`+errorsNamespace+`">`...)
	for i := range errs {
		e := &errs[i]
		dst = append(dst, `<Error>`...)
		dst = appendXMLElement(dst, `<Category>`, string(e.Category), `</Category>`)
		dst = appendXMLElement(dst, `<Description>`, e.Description, `</Description>`)
		dst = appendXMLOptional(dst, `<Location>`, e.Location, `</Location>`)
		dst = append(dst, `</Error>`...)
	}
	return append(dst, `</ErrorList>`...)
}

func appendJSONErrors(dst []byte, errs []Error) []byte {
	dst = append(dst, `{"ErrorList":[`...)
	for i := range errs {
		if i > 0 {
			dst = append(dst, ',')
		}
		e := &errs[i]
		dst = appendJSONText(append(dst, `{"Category":`...), string(e.Category))
		dst = appendJSONText(append(dst, `,"Description":`...), e.Description)
		dst = appendJSONOptional(dst, `,"Location":`, e.Location)
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}
