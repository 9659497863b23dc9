package kerberos

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"docket/shared/auth"
)

// The limits of the tables: what is written on a command line and what an
// authorizer passes on with each request.
const (
	maxLines = 200
	maxText  = 200
)

var sidText = regexp.MustCompile(`^S-1-[0-9]{1,15}(-[0-9]{1,10}){1,15}$`)

// ParseRealms reads lines of REALM=DOMAIN, as CORP.EXAMPLE.COM=Corp, each realm
// once. Errors are auth.ErrConfig.
func ParseRealms(lines []string) (map[string]string, error) {
	return parseTable(lines, "CORP.EXAMPLE.COM=Corp", func(realm, domain string) bool {
		return goodText(realm) && goodText(domain) && !strings.ContainsAny(domain, `\@/`)
	})
}

// ParseGroups reads lines of SID=GROUP, as S-1-5-21-1-2-3-1104=Auditors, each SID
// once. That the directory has the group is not asked: it may come later. Errors
// are auth.ErrConfig.
func ParseGroups(lines []string) (map[string]string, error) {
	return parseTable(lines, "S-1-5-21-1-2-3-1104=Auditors", func(sid, group string) bool {
		return sidText.MatchString(sid) && goodText(group)
	})
}

// Read makes an Acceptor of a keytab and lines of both tables. Errors are
// auth.ErrConfig.
func Read(keytab []byte, realms, groups []string, now func() time.Time) (*Acceptor, error) {
	c := Config{Keytab: keytab, Now: now}
	var err error
	if c.Realms, err = ParseRealms(realms); err != nil {
		return nil, fmt.Errorf("realms: %w", err)
	}
	if c.Groups, err = ParseGroups(groups); err != nil {
		return nil, fmt.Errorf("group SIDs: %w", err)
	}
	return New(c)
}

func goodText(s string) bool {
	return s != "" && len(s) <= maxText && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, unicode.IsControl)
}

func parseTable(lines []string, like string, good func(key, value string) bool) (map[string]string, error) {
	if len(lines) > maxLines {
		return nil, fmt.Errorf("%w: %d lines, at most %d", auth.ErrConfig, len(lines), maxLines)
	}
	table := map[string]string{}
	for _, line := range lines {
		key, value, ok := strings.Cut(line, "=")
		if !ok || !good(key, value) {
			return nil, fmt.Errorf("%w: %.80q is not like %s", auth.ErrConfig, line, like)
		}
		if _, twice := table[key]; twice {
			return nil, fmt.Errorf("%w: %.80q comes twice", auth.ErrConfig, key)
		}
		table[key] = value
	}
	return table, nil
}
