package sdk

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
	"zapomni/tests/npm"
)

// revisions are those that the suite has scenarios for, with how many of them
// fit: fewer are left if the suite ends early.
var revisions = map[string]int{"2025-03-26": 1, "2025-06-18": 4, "2025-11-25": 6, "2026-07-28": 7}

const (
	noFixture  = "it calls a tool, and there is none of that kind but for tests"
	noRequests = "it has a tool ask the client for something, and none of ours does"
	noFeature  = "the server does not announce that feature"
)

// leftOut are the scenarios that do not fit this server, and why. What is sent
// in them has to be well-formed all the same.
var leftOut = map[string]string{
	"tools-call-simple-text":                        noFixture,
	"tools-call-image":                              noFixture,
	"tools-call-audio":                              noFixture,
	"tools-call-embedded-resource":                  noFixture,
	"tools-call-mixed-content":                      noFixture,
	"tools-call-error":                              noFixture,
	"tools-call-with-logging":                       noFixture,
	"tools-call-with-progress":                      noFixture,
	"json-schema-2020-12":                           noFixture,
	"http-custom-header-server-validation":          noFixture,
	"server-sse-polling":                            noFixture,
	"tools-call-sampling":                           noRequests,
	"tools-call-elicitation":                        noRequests,
	"elicitation-sep1034-defaults":                  noRequests,
	"elicitation-sep1330-enums":                     noRequests,
	"input-required-result-basic-elicitation":       noRequests,
	"input-required-result-basic-sampling":          noRequests,
	"input-required-result-basic-list-roots":        noRequests,
	"input-required-result-request-state":           noRequests,
	"input-required-result-multiple-input-requests": noRequests,
	"input-required-result-multi-round":             noRequests,
	"input-required-result-missing-input-response":  noRequests,
	"input-required-result-non-tool-request":        noRequests,
	"input-required-result-result-type":             noRequests,
	"input-required-result-tampered-state":          noRequests,
	"input-required-result-capability-check":        noRequests,
	"input-required-result-ignore-extra-params":     noRequests,
	"input-required-result-validate-input":          noRequests,
	"logging-set-level":                             noFeature,
	"completion-complete":                           noFeature,
	"resources-list":                                noFeature,
	"resources-read-text":                           noFeature,
	"resources-read-binary":                         noFeature,
	"resources-templates-read":                      noFeature,
	"resources-subscribe":                           noFeature,
	"resources-unsubscribe":                         noFeature,
	"sep-2164-resource-not-found":                   noFeature,
	"prompts-list":                                  noFeature,
	"prompts-get-simple":                            noFeature,
	"prompts-get-with-args":                         noFeature,
	"prompts-get-embedded-resource":                 noFeature,
	"prompts-get-with-image":                        noFeature,
}

// notAsked are the checks that do not fit, within scenarios that do.
var notAsked = map[string]string{
	"sep-2575-server-rejects-undeclared-capability":              noRequests,
	"sep-2575-missing-capability-http-400":                       noRequests,
	"sep-2575-http-server-no-independent-requests-on-stream":     noRequests,
	"sep-2575-server-no-log-without-loglevel":                    noFeature,
	"sep-2575-server-sends-prompts-list-changed-on-subscription": noFeature,
	"sep-2575-server-sends-tools-list-changed-on-subscription":   noFeature,
	"sep-2549-prompts-list-caching-hints":                        noFeature,
	"sep-2549-resources-list-caching-hints":                      noFeature,
	"sep-2549-resources-templates-list-caching-hints":            noFeature,
	"sep-2549-resources-read-caching-hints":                      noFeature,
}

// check is one thing that the suite has looked at.
type check struct{ ID, Status, ErrorMessage string }

// wellFormed is the check of every message of a scenario against the schema.
const wellFormed = "wire-schema-valid"

// holds says whether a check is as it should be: what fits holds, and what is
// said not to fit does not, or else the tables above are out of date.
func (c check) holds(scenario string) bool {
	fine := c.Status == "SUCCESS" || c.Status == "INFO"
	switch {
	case c.ID == wellFormed:
		return fine
	case leftOut[scenario] != "":
		return true
	}
	return fine == (notAsked[c.ID] == "")
}

// scenarioOf is the name of a scenario in that of the directory of its results.
var scenarioOf = regexp.MustCompile(`^server-(.+)-\d{4}-\d{2}-\d{2}T`)

// conform runs the suite for one revision and returns the checks of each
// scenario.
func conform(t *testing.T, packages npm.Packages, url, revision string) map[string][]check {
	t.Helper()
	dir := t.TempDir()
	script := filepath.Join("node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js")
	_, out, complaint := packages.Try(t, nil, script, "server", "--url", url, "--suite", "all", "--spec-version", revision, "-o", dir)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, entries, "%s%s", out, complaint)
	scenarios := make(map[string][]check)
	for _, entry := range entries {
		name := scenarioOf.FindStringSubmatch(entry.Name())
		require.NotNil(t, name, entry.Name())
		content, err := os.ReadFile(filepath.Join(dir, entry.Name(), "checks.json"))
		require.NoError(t, err)
		var checks []check
		require.NoError(t, json.Unmarshal(content, &checks))
		scenarios[name[1]] = checks
	}
	return scenarios
}

func TestConformance(t *testing.T) {
	packages := npm.Install(t)
	packages.Needs(t, 22)
	onEachStore(t, func(t *testing.T, settings []string) {
		server := client.Serve(t, t.TempDir(), settings...)
		ran := make(map[string]bool)
		for revision, scenarios := range revisions {
			t.Run(revision, func(t *testing.T) {
				fit := 0
				for scenario, checks := range conform(t, packages, server.URL+"/mcp", revision) {
					ran[scenario] = true
					if leftOut[scenario] == "" {
						fit++
						assert.NotEmpty(t, checks, scenario)
					}
					for _, c := range checks {
						assert.True(t, c.holds(scenario), "%s: %s: %s %s", scenario, c.ID, c.Status, c.ErrorMessage)
					}
				}
				require.Equal(t, scenarios, fit, "scenarios that fit")
			})
		}
		for scenario := range leftOut {
			assert.True(t, ran[scenario], "%s is left out, and not in the suite", scenario)
		}
	})
}
