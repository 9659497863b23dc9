package client

import "strings"

// splitChallenges returns the parameters of each Digest challenge of one
// WWW-Authenticate value, which may hold several challenges of several schemes
// joined by commas (RFC 9110, section 11.6.1). Names are in lower case. What
// cannot be read ends the list.
func splitChallenges(header string) []map[string]string {
	var digests []map[string]string
	var current map[string]string // nil within a challenge of another scheme
	for rest := header; ; {
		rest = strings.TrimLeft(rest, ", \t")
		word, after := token(rest)
		if word == "" {
			return digests
		}
		if value, ok := strings.CutPrefix(strings.TrimLeft(after, " \t"), "="); ok && !strings.HasPrefix(value, "=") {
			text, tail, ok := parameter(strings.TrimLeft(value, " \t"))
			if !ok {
				return digests
			}
			if current != nil {
				current[strings.ToLower(word)] = text
			}
			rest = tail
			continue
		}
		current = nil
		if strings.EqualFold(word, "Digest") {
			current = map[string]string{}
			digests = append(digests, current)
		}
		rest = skipToken68(after)
	}
}

// token cuts a token (RFC 9110, section 5.6.2) off the front.
func token(s string) (word, rest string) {
	i := 0
	for i < len(s) && s[i] > ' ' && s[i] < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, rune(s[i])) {
		i++
	}
	return s[:i], s[i:]
}

// parameter reads a token or a quoted string and what follows it.
func parameter(s string) (text, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		text, rest = token(s)
		return text, rest, true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			i++
			if i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// skipToken68 passes over the single token that NTLM and Negotiate challenges
// may carry, as in "NTLM TlRMTVNTUAAC==".
func skipToken68(s string) string {
	trimmed := strings.TrimLeft(s, " ")
	i := 0
	for i < len(trimmed) && strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/", rune(trimmed[i])) {
		i++
	}
	end := i
	for end < len(trimmed) && trimmed[end] == '=' {
		end++
	}
	if tail := strings.TrimLeft(trimmed[end:], " "); i > 0 && (tail == "" || tail[0] == ',') {
		return tail
	}
	return s
}
