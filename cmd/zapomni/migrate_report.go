package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"zapomni/db/falkor"
	"zapomni/db/transfer"
	"zapomni/memory"
)

// migration is what came of one.
type migration struct {
	transfer.Report

	From, To string // as a person names them
	Mended   int
	left     falkor.LeftOut
}

// mostTold is how many memories are named to a person. Programs read them all.
const mostTold = 50

// tellMigration prints what was done, and returns an error if not all was.
func (a *app) tellMigration(m migration, o migrateOptions) error {
	var err error
	if o.json {
		err = printJSON(a.out, m.forPrograms())
	} else {
		err = a.showMigration(m)
	}
	if err != nil || m.Complete() {
		return err
	}
	if !o.json {
		a.tellProblems("in conflict", m.Conflicts)
		a.tellProblems("failed", m.Failures)
	}
	hint := ""
	if len(m.Conflicts) > 0 && !o.overwrite {
		hint = "; --overwrite replaces those in conflict"
	}
	return fmt.Errorf("not everything was copied: %d in conflict, %d failed%s", len(m.Conflicts), len(m.Failures), hint)
}

func (a *app) tellProblems(what string, problems []transfer.Problem) {
	for _, p := range problems[:min(len(problems), mostTold)] {
		a.complain(fmt.Errorf("%s: %v", what, p))
	}
	if more := len(problems) - mostTold; more > 0 {
		a.complain(fmt.Errorf("%s: %d more, which --json lists", what, more))
	}
}

func (a *app) showMigration(m migration) error {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	var errs []error
	for _, row := range m.rows() {
		_, err := fmt.Fprintf(t, "%s:\t%s\n", row[0], row[1])
		errs = append(errs, err)
	}
	return errors.Join(append(errs, t.Flush())...)
}

// rows are what there is to say to a person. Of what was not, nothing is said.
func (m migration) rows() [][2]string {
	rows := [][2]string{
		{"From", m.From},
		{"To", m.To},
		{"Workspaces", fmt.Sprintf("%d, %d of them new", m.Workspaces, m.Created)},
		{"Copied", fmt.Sprintf("%d memories", m.Copied)},
	}
	for _, row := range []struct {
		name, of string
		n        int
	}{
		{"Replaced", "memories", m.Replaced},
		{"Skipped", "memories that were there", m.Skipped},
		{"Gone", "memories that were deleted meanwhile", m.Gone},
		{"Mended", "texts that the Python version had stored with repetitions", m.Mended},
		{"In another order", "memories that were there", m.Moved},
		{"In conflict", "memories", len(m.Conflicts)},
		{"Failed", "memories", len(m.Failures)},
	} {
		if row.n > 0 {
			rows = append(rows, [2]string{row.name, fmt.Sprintf("%d %s", row.n, row.of)})
		}
	}
	if len(m.Described) > 0 {
		rows = append(rows, [2]string{"Described otherwise", "workspaces " + strings.Join(namesOf(m.Described), ", ")})
	}
	if left := m.leftOut(); left != "" {
		rows = append(rows, [2]string{"Left out", left})
	}
	return append(rows, [2]string{"Verified", fmt.Sprintf("%d memories", m.Verified)})
}

func (m migration) leftOut() string {
	var parts []string
	for _, part := range []struct {
		n  int
		of string
	}{{m.left.Versions, "old versions"}, {m.left.Copies, "copies"}, {m.left.Entities, "entities"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.of))
		}
	}
	return strings.Join(parts, ", ")
}

// migrated is a migration as programs read it.
type migrated struct {
	From       string    `json:"from"`
	To         string    `json:"to"`
	Complete   bool      `json:"complete"`
	Workspaces int       `json:"workspaces"`
	Created    int       `json:"workspaces_created"`
	Described  []string  `json:"workspaces_described_otherwise"`
	Copied     int       `json:"copied"`
	Chunks     int       `json:"chunks"`
	Replaced   int       `json:"replaced"`
	Skipped    int       `json:"skipped"`
	Gone       int       `json:"gone"`
	Moved      int       `json:"moved"`
	Mended     int       `json:"mended"`
	Verified   int       `json:"verified"`
	Versions   int       `json:"left_out_versions"`
	Copies     int       `json:"left_out_copies"`
	Entities   int       `json:"left_out_entities"`
	Conflicts  []problem `json:"conflicts"`
	Failures   []problem `json:"failures"`
}

// problem is a transfer.Problem as programs read it.
type problem struct {
	Workspace memory.Workspace `json:"workspace"`
	Memory    memory.ID        `json:"memory,omitempty"`
	Error     string           `json:"error"`
}

func problemsOf(all []transfer.Problem) []problem {
	problems := make([]problem, len(all))
	for i, p := range all {
		problems[i] = problem{p.Workspace, p.Memory, p.Err.Error()}
	}
	return problems
}

func (m migration) forPrograms() migrated {
	return migrated{
		From: m.From, To: m.To, Complete: m.Complete(),
		Workspaces: m.Workspaces, Created: m.Created, Described: namesOf(m.Described),
		Copied: m.Copied, Chunks: m.Chunks, Replaced: m.Replaced, Skipped: m.Skipped,
		Gone: m.Gone, Moved: m.Moved, Mended: m.Mended, Verified: m.Verified,
		Versions: m.left.Versions, Copies: m.left.Copies, Entities: m.left.Entities,
		Conflicts: problemsOf(m.Conflicts), Failures: problemsOf(m.Failures),
	}
}

func namesOf(ws []memory.Workspace) []string {
	names := make([]string, len(ws))
	for i, w := range ws {
		names[i] = string(w)
	}
	return names
}
