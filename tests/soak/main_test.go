// Package soak looks for what the program keeps of those who have gone: it is
// used for long, or by many, and must then be as it was before.
package soak

import (
	"os"
	"testing"

	"zapomni/tests/client"
)

func TestMain(m *testing.M) { os.Exit(client.Main(m)) }
