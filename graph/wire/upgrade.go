package wire

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// buffers are for writing, and belong to a socket only while it writes.
var buffers sync.Pool

// upgrade makes a socket of the connection. The request is over with it, so that nothing of it is kept: the
// socket has a goroutine of its own.
func (h Handler) upgrade(w http.ResponseWriter, r *http.Request, answerIn mediaType) {
	if h.Live == nil {
		h.refuse(w, r, answerIn, refusal{http.StatusBadRequest, "there are no sockets here"})
		return
	}
	upgrader := websocket.Upgrader{
		Subprotocols: []string{subprotocol}, ReadBufferSize: 1 << 10, WriteBufferSize: 4 << 10, WriteBufferPool: &buffers, CheckOrigin: h.Live.MayConnect,
		Error: func(w http.ResponseWriter, r *http.Request, status int, why error) {
			h.refuse(w, r, answerIn, refusal{status, why.Error()})
		},
	}
	conn, err := upgrader.Upgrade(w, r, w.Header())
	if err != nil {
		return
	}
	s := &socket{Handler: h, conn: conn, waits: h.Live.Times.orDefault()}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(r.Context()))
	conn.SetReadLimit(h.Live.MaxMessage)
	conn.SetPongHandler(func(string) error { s.alive(); return nil })
	if !h.Live.join(s, func() { s.hangUp(websocket.CloseGoingAway, "the service is shutting down") }) {
		s.hangUp(websocket.CloseGoingAway, "the service is shutting down")
		s.linger()
		return
	}
	s.mu.Lock()
	s.timer = time.AfterFunc(s.waits.Init, s.beat)
	s.mu.Unlock()
	go s.serve()
}
