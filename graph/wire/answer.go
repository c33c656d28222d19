package wire

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// write sends the answer. The data is JSON already and is sent as it is: encoding it again would check
// and copy all of it once more.
func write(w http.ResponseWriter, as mediaType, status int, answer *graphql.Response) {
	head, tail, err := around(answer)
	if err != nil {
		status, head, tail, answer.Data = http.StatusInternalServerError, []byte(unwritable), nil, nil
	}
	h := w.Header()
	h.Set("Content-Type", string(as)+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(head)+len(answer.Data)+len(tail)))
	w.WriteHeader(status)
	for _, part := range [][]byte{head, answer.Data, tail} {
		if _, err := w.Write(part); err != nil { //nolint:gosec // JSON, and said to be
			return // whoever asked has gone
		}
	}
}

// unwritable stands for an answer that cannot be encoded.
const unwritable = `{"errors":[{"message":"the answer could not be written"}]}`

// whole is the answer in one piece.
func whole(answer *graphql.Response) []byte {
	head, tail, err := around(answer)
	if err != nil {
		return []byte(unwritable)
	}
	return slices.Concat(head, answer.Data, tail)
}

// listOf is the list of errors as JSON.
func listOf(errs gqlerror.List) []byte {
	text, err := json.Marshal(errs)
	if err != nil {
		return []byte(`[{"message":"the errors could not be written"}]`)
	}
	return text
}

// around is what stands before the data and behind it. Where nothing was executed there is no data.
func around(answer *graphql.Response) (head, tail []byte, err error) {
	head, tail = []byte("{"), []byte("}")
	if len(answer.Errors) > 0 {
		errs, err := json.Marshal(answer.Errors)
		if err != nil {
			return nil, nil, err
		}
		head = append(append(head, `"errors":`...), errs...)
	}
	if len(answer.Data) > 0 {
		if len(head) > 1 {
			head = append(head, ',')
		}
		head = append(head, `"data":`...)
	}
	if len(answer.Extensions) > 0 {
		extensions, err := json.Marshal(answer.Extensions)
		if err != nil {
			return nil, nil, err
		}
		tail = append(append([]byte(`,"extensions":`), extensions...), '}')
	}
	return head, tail, nil
}
