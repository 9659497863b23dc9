package shell

import (
	"strings"
	"testing"

	"docket/shared/environment"
)

func TestRead(t *testing.T) {
	getenv := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}
	_, err := Read(getenv(map[string]string{"B": "2"}), "A", "B", "C")
	if err == nil || !strings.Contains(err.Error(), "A, C") || strings.Contains(err.Error(), "B") {
		t.Errorf("%v; want an error that names A and C", err)
	}
	_, err = Read(getenv(map[string]string{"A": "1", environment.LogLevel: "loud"}), "A")
	if err == nil || !strings.Contains(err.Error(), environment.LogLevel+`="loud"`) {
		t.Errorf("%v; want an error that names the level", err)
	}
	e, err := Read(getenv(map[string]string{"A": "1", "Z": "Europe/Zurich", "N": "Nowhere/Land", environment.LogLevel: "warn"}), "A", "Z", "N")
	if err != nil || e.Get("A") != "1" || e.Get("Z") != "Europe/Zurich" {
		t.Fatalf("%+v, %v", e, err)
	}
	if e.Log.Enabled(t.Context(), 0) || !e.Log.Enabled(t.Context(), 4) {
		t.Error("the level warn logs information, or no warnings")
	}
	if zone, err := e.Zone("Z"); err != nil || zone.String() != "Europe/Zurich" {
		t.Errorf("zone %v, %v", zone, err)
	}
	if _, err := e.Zone("N"); err == nil || !strings.Contains(err.Error(), `N="Nowhere/Land"`) {
		t.Errorf("%v; want an error that names the variable and the zone", err)
	}
}
