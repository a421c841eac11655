package config

import (
	"fmt"
	"strings"
)

const preface = `# Configuration

<!-- Written by the code: change the structs, then run make golden. -->

Everything has a default: nothing needs to be set.

## Where a value comes from

The first of these that has a value counts:

1. a flag on the command line;
2. a variable of the environment;
3. a variable in the file ` + "`.env`" + ` of the working directory;
4. the configuration file;
5. the default.

**Variables.** Where a setting has several, the first one in its row that is set counts. Upper and lower case are the
same, and an empty variable counts as not set. In ` + "`.env`" + `, variables that are not listed here are left alone; ` + "`$NAME`" + `
is replaced by that variable, unless the value stands in single quotes.

**The configuration file** is the one that ` + "`--config`" + ` or ` + "`ZAPOMNI_CONFIG`" + ` names. Otherwise it is ` + "`config.yaml`" + `, ` + "`.yml`" + `,
` + "`.toml`" + ` or ` + "`.json`" + ` in ` + "`~/.config/zapomni`" + ` (Linux, or ` + "`$XDG_CONFIG_HOME/zapomni`" + `), ` + "`~/Library/Application Support/zapomni`" + `
(macOS) or ` + "`%AppData%\\zapomni`" + ` (Windows), if there is one. A key that is not listed here is an error. In YAML:

` + "```yaml" + `
db:
  sync: full
log:
  level: debug
` + "```" + `

**The data directory**, unless it is set, is ` + "`~/.local/share/zapomni`" + ` (Linux, or ` + "`$XDG_DATA_HOME/zapomni`" + `),
` + "`~/Library/Application Support/zapomni`" + ` (macOS) or ` + "`%LocalAppData%\\zapomni`" + ` (Windows).

**Values.** A duration is a number of seconds (` + "`30`" + `, ` + "`0.1`" + `) or has units (` + "`1m30s`" + `, ` + "`100ms`" + `). A bool is true, 1, yes or on, or
false, 0, no or off. A list has commas between its parts. A path may start with ` + "`~`" + `; a relative one starts at the
working directory. Whatever is wrong is reported at once, under the name that it was set by, and the program ends.

**Reserved** settings are read and checked, but nothing in this version uses them; one that is set gives a warning.
`

// Reference returns the whole of docs/configuration.md: every setting with
// its names, type, default and meaning.
func Reference() string {
	var b strings.Builder
	b.WriteString(preface)
	defaults := Defaults()
	for _, part := range sections() {
		if len(part.settings) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n", part.title)
		if part.reserved() {
			b.WriteString("All of these are reserved.\n\n")
		}
		b.WriteString("| key | variables | flag | type | default | meaning |\n|---|---|---|---|---|---|\n")
		for _, s := range part.settings {
			b.WriteString(row(s, &defaults, part.reserved()))
		}
	}
	return b.String()
}

// reserved tells whether nothing uses any of the section's settings.
func (p section) reserved() bool {
	for _, s := range p.settings {
		if !s.reserved {
			return false
		}
	}
	return true
}

func row(s setting, defaults *Config, allReserved bool) string {
	variables := make([]string, 0, len(s.names)+len(s.old))
	for _, name := range s.names {
		variables = append(variables, code(name))
	}
	for _, name := range s.old {
		variables = append(variables, code(name)+" (deprecated)")
	}
	flag := ""
	if s.flag != "" {
		flag = code("--" + s.flag)
	}
	usage := strings.ReplaceAll(s.usage, "|", `\|`)
	if s.secret {
		usage += "; never shown"
	}
	if s.reserved && !allReserved {
		usage += "; reserved"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", code(s.key),
		strings.Join(variables, "<br>"), flag, s.typeName(), code(s.shown(defaults)), usage)
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
