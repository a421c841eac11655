package transport

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"
)

// tooLongAnswer refuses a line that was passed over, of which h was read off
// the skeleton.
func tooLongAnswer(h head, length, limit int) any {
	if len(h.id) >= maxBone {
		h.id = nil // it may have been cut
	}
	text := fmt.Sprintf("message of %d bytes is longer than the limit of %d bytes", length, limit)
	return mcp.NewJSONRPCError(h.requestID(), mcp.INVALID_REQUEST, text, nil)
}

// unfitAnswer refuses a line that cannot be decoded without loss or at all: a
// tool call as a result, which the model reads and can correct, anything else
// as a parse error.
func unfitAnswer(h head, text string) any {
	if h.call() && !h.requestID().IsNil() {
		return mcp.NewJSONRPCResultResponse(h.requestID(), mcp.NewToolResultError("Error: "+text))
	}
	return mcp.NewJSONRPCError(h.requestID(), mcp.PARSE_ERROR, text, nil)
}

// malformedAnswer refuses what mcp-go would refuse too, but without the id and
// at any time: then nobody could tell which request it was.
func malformedAnswer(h head) any {
	return mcp.NewJSONRPCError(h.requestID(), mcp.INVALID_REQUEST, "jsonrpc and method must be strings", nil)
}

// addressed reports whether a refusal says which request it answers.
func addressed(refusal any) bool {
	e, failed := refusal.(mcp.JSONRPCError)
	return !failed || !e.ID.IsNil()
}

// requestID is the id to answer to: none for what is no request, since the id
// of a client's own answer would name another request, and none for an id that
// cannot be said back, or is a list or an object, which ids never are.
func (h *head) requestID() mcp.RequestId {
	if h.method == nil || h.id == nil || h.id[0] == '[' || h.id[0] == '{' || !utf8.Valid(h.id) || firstLone(h.id) >= 0 {
		return mcp.NewRequestId(nil)
	}
	var id any
	if json.Unmarshal(h.id, &id) != nil {
		return mcp.NewRequestId(nil)
	}
	return h.echo(mcp.NewRequestId(id))
}
