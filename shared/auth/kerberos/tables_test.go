package kerberos

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"docket/shared/auth"
)

func TestTables(t *testing.T) {
	realms, err := ParseRealms([]string{"CORP.EXAMPLE=Corp", "Other=Enterprise AD"})
	if err != nil || !maps.Equal(realms, map[string]string{"CORP.EXAMPLE": "Corp", "Other": "Enterprise AD"}) {
		t.Errorf("%v, %v", realms, err)
	}
	groups, err := ParseGroups([]string{"S-1-5-32-544=Admins=all, of them", "S-1-5-21-1-2-3-4=x"})
	if err != nil || !maps.Equal(groups, map[string]string{"S-1-5-32-544": "Admins=all, of them", "S-1-5-21-1-2-3-4": "x"}) {
		t.Errorf("%v, %v", groups, err)
	}
	for _, bad := range [][]string{{"CORP"}, {"=Corp"}, {"CORP="}, {"CORP= Corp"}, {`CORP=Co\rp`}, {"CORP=a@b"}, {"A=b", "A=c"}, {"A\n=b"}, {strings.Repeat("A", 201) + "=b"},
		strings.Split(strings.Repeat("x,", 201), ",")} {
		if _, err := ParseRealms(bad); !errors.Is(err, auth.ErrConfig) {
			t.Errorf("realms %.50q: %v", bad, err)
		}
	}
	for _, bad := range []string{"S-1-5=x", "S-2-5-32-544=x", "S-1-5-32-=x", "S-1-5-32-544", "S-1-5-32-544=", "544=x", "S-1-5-32-544x=x"} {
		if _, err := ParseGroups([]string{bad}); !errors.Is(err, auth.ErrConfig) {
			t.Errorf("group %q: %v", bad, err)
		}
	}
}
