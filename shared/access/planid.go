package access

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// newPlanID makes the ID of a new plan: a random GUID (RFC 9562, version 4) in
// braces and capitals, as the original product prints it.
func newPlanID(rand io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("make plan ID: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("{%X-%X-%X-%X-%X}", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16]), nil
}

// ParsePlanID reads a GUID in either case, with or without braces, and returns
// it in that form: capitals, in braces. Errors are ErrInvalid.
func ParsePlanID(s string) (string, error) {
	bare := s
	if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
		bare = s[1 : len(s)-1]
	}
	parts := strings.Split(bare, "-")
	lengths := [...]int{8, 4, 4, 4, 12}
	ok := len(parts) == len(lengths)
	for i := 0; ok && i < len(lengths); i++ {
		_, err := hex.DecodeString(parts[i])
		ok = err == nil && len(parts[i]) == lengths[i]
	}
	if !ok {
		return "", invalid("plan ID %s is not a GUID such as {42F64379-163E-4A43-A9C5-4514C5A23798}", quoted(s))
	}
	return "{" + strings.ToUpper(bare) + "}", nil
}
