package main

import (
	"fmt"
	"io"

	"docket/shared/access"

	"go.yaml.in/yaml/v4"
)

// The file that docket access export writes and accessFile reads. It has every
// field, also the empty ones: a field that is not there would leave what it is
// applied to as it was.
type (
	exportedAccess struct {
		DefaultDomain string            `yaml:"defaultDomain" json:"defaultDomain"`
		Folders       []string          `yaml:"folders" json:"folders"`
		Plans         []exportedPlan    `yaml:"plans" json:"plans"`
		Accounts      []exportedAccount `yaml:"accounts" json:"accounts"`
		Groups        []exportedGroup   `yaml:"groups" json:"groups"`
		Roles         []exportedRole    `yaml:"roles" json:"roles"`
	}
	exportedPlan struct {
		Name    string   `yaml:"name" json:"name"`
		ID      string   `yaml:"id" json:"id"`
		Folder  string   `yaml:"folder" json:"folder"`
		Enabled bool     `yaml:"enabled" json:"enabled"`
		Items   []string `yaml:"items" json:"items"`
	}
	exportedAccount struct {
		Name     string   `yaml:"name" json:"name"`
		Note     string   `yaml:"note" json:"note"`
		Disabled bool     `yaml:"disabled" json:"disabled"`
		Schemes  []string `yaml:"schemes" json:"schemes"`

		RecogniseRepeats bool `yaml:"recogniseRepeats" json:"recogniseRepeats"`
	}
	exportedGroup struct {
		Name    string   `yaml:"name" json:"name"`
		Note    string   `yaml:"note" json:"note"`
		Members []string `yaml:"members" json:"members"`
		Groups  []string `yaml:"groups" json:"groups"`
	}
	exportedRole struct {
		Role    string `yaml:"role" json:"role"`
		Account string `yaml:"account,omitempty" json:"account,omitempty"`
		Group   string `yaml:"group,omitempty" json:"group,omitempty"`
		Plan    string `yaml:"plan,omitempty" json:"plan,omitempty"`
		Folder  string `yaml:"folder,omitempty" json:"folder,omitempty"`
	}
)

func exportFile(doc *access.Document) exportedAccess {
	file := exportedAccess{
		DefaultDomain: *doc.DefaultDomain,
		Folders:       []string{}, Plans: []exportedPlan{}, Accounts: []exportedAccount{}, Groups: []exportedGroup{}, Roles: []exportedRole{},
	}
	for _, f := range doc.Folders {
		file.Folders = append(file.Folders, f.Path)
	}
	for _, p := range doc.Plans {
		file.Plans = append(file.Plans, exportedPlan{p.Name, p.ID, *p.Folder, *p.Enabled, p.Items})
	}
	for _, a := range doc.Accounts {
		file.Accounts = append(file.Accounts, exportedAccount{a.Name, *a.Note, *a.Disabled, a.Schemes, *a.RecogniseRepeats})
	}
	for _, g := range doc.Groups {
		file.Groups = append(file.Groups, exportedGroup{g.Name, *g.Note, g.Members, g.Groups})
	}
	for _, r := range doc.Roles {
		file.Roles = append(file.Roles, exportedRole{r.Role.String(), r.Account, r.Group, r.Plan, r.Folder})
	}
	return file
}

func writeAccessFile(w io.Writer, file exportedAccess) error {
	text, err := yaml.Dump(file)
	if err != nil {
		return fmt.Errorf("write access file: %w", err)
	}
	_, err = w.Write(text)
	return err
}
