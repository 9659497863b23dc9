package wire

// ReadErrors reads an error answer, for a client that wants to show it; what the
// API has added since is skipped. The error is an *Invalid.
func ReadErrors(f Format, body []byte) ([]Error, error) {
	read := readXMLErrors
	if f == JSON {
		read = readJSONErrors
	}
	list, err := read(body)
	if err := (&problems{}).result(err); err != nil {
		return nil, err
	}
	return list, nil
}

// target is where the text of an element of an Error goes, nil if nowhere.
func (e *Error) target(name string) func(text string) {
	switch {
	case sameName(name, "Category"):
		return func(text string) { e.Category = Category(text) }
	case sameName(name, "Description"):
		return func(text string) { e.Description = text }
	case sameName(name, "Location"):
		return func(text string) { e.Location = text }
	}
	return nil
}

func readJSONErrors(body []byte) ([]Error, error) {
	s, err := newJSONScanner(body, elemErrorList)
	if err != nil {
		return nil, err
	}
	var list []Error
	err = s.object(func(name string) error {
		if !sameName(name, elemErrorList) {
			return s.skip(jsonDepth)
		}
		return s.array(func() error {
			var e Error
			defer func() { list = append(list, e) }()
			return s.object(func(name string) error {
				set := e.target(name)
				if set == nil || s.peek() != kindString {
					return s.skip(jsonDepth)
				}
				text, err := s.str()
				set(text)
				return err
			})
		})
	})
	if err == nil {
		err = s.end()
	}
	return list, err
}

// object reads an object, calling member to read each value.
func (s *jsonScanner) object(member func(name string) error) error {
	if s.peek() != kindObject {
		return s.expected("an object")
	}
	s.i++
	for first := true; ; first = false {
		name, more, err := s.member(first)
		if err != nil || !more {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
}

// array reads an array, calling element to read each value.
func (s *jsonScanner) array(element func() error) error {
	if s.peek() != kindArray {
		return s.expected("an array")
	}
	s.i++
	for first := true; ; first = false {
		more, err := s.element(first)
		if err != nil || !more {
			return err
		}
		if err := element(); err != nil {
			return err
		}
	}
}

func readXMLErrors(body []byte) ([]Error, error) {
	s, err := newXMLScanner(body, elemErrorList)
	if err != nil {
		return nil, err
	}
	if err := s.document(); err != nil {
		return nil, err
	}
	var list []Error
	err = s.children(func(name string) error {
		if name != elemError {
			return s.skip()
		}
		var e Error
		defer func() { list = append(list, e) }()
		return s.children(func(name string) error {
			set := e.target(name)
			if set == nil {
				return s.skip()
			}
			text, err := s.text(false)
			set(text)
			return err
		})
	})
	if err == nil {
		err = s.end()
	}
	return list, err
}

// children calls element for every child of the innermost element.
func (s *xmlScanner) children(element func(name string) error) error {
	for {
		name, more, err := s.child()
		if err != nil || !more {
			return err
		}
		if err := element(name); err != nil {
			return err
		}
	}
}
