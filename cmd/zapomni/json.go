package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// printJSON prints v on one line, with its characters as they are.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
