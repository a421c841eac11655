// Package e2e runs the built program the way its clients do: as a process that
// is spoken to over its standard streams, ended, killed and started again.
package e2e

import (
	"os"
	"testing"

	"zapomni/tests/client"
)

func TestMain(m *testing.M) { os.Exit(client.Main(m)) }
