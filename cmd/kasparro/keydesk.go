package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

// keyDesk makes and revokes keys, and knows which are good. It implements graph.Keys.
type keyDesk struct {
	*postgres.Store

	ring *apikey.Ring
}

// keys opens a pool of its own for them, so that neither what is asked nor what is stored can keep them waiting. It is on the
// primary.
func (d *database) keys(cfg config.Config) (*keyDesk, error) {
	pool, err := d.open(postgres.Pool{Name: "keys", MaxConns: 3, Deadline: statementTimeout})
	if err != nil {
		return nil, err
	}
	store := newStore(cfg, pool)
	return &keyDesk{store, apikey.NewRing(store)}, nil
}

// CreateKey makes a key that this process accepts at once, and others within a second.
func (k *keyDesk) CreateKey(ctx context.Context, wanted market.NewAPIKey) (made market.APIKey, key string, err error) {
	if apikey.Holds(wanted.Name) {
		return market.APIKey{}, "", &market.InputError{Field: "name", Given: "…", Allowed: "a name that is no key"}
	}
	wanted.KeyID, key = apikey.New()
	wanted.Digest = apikey.Digest(key)
	if made, err = k.Store.CreateKey(ctx, wanted); err != nil {
		return market.APIKey{}, "", err
	}
	k.refresh(ctx)
	return made, key, nil
}

// RevokeKey revokes a key, which this process refuses from then on, and others within five seconds. A key that somebody has found
// will do instead of its id, and what is neither goes no further: it may be a key with a slip in it.
func (k *keyDesk) RevokeKey(ctx context.Context, given string) (market.APIKey, error) {
	id, isKey := apikey.Parse(given)
	if !isKey {
		id = given
	}
	if !apikey.IsID(id) {
		return market.APIKey{}, fmt.Errorf("%w: there is no key with this id (they read %s_N)", market.ErrNotFound, market.IDKey)
	}
	revoked, err := k.Store.RevokeKey(ctx, id)
	if err == nil {
		k.refresh(ctx)
	}
	return revoked, err
}

// refresh does what would be done a moment later anyway, should it fail.
func (k *keyDesk) refresh(ctx context.Context) { _ = k.ring.Refresh(ctx) }

// follow keeps up with the keys until ctx ends.
func (k *keyDesk) follow(ctx context.Context, log *slog.Logger) error {
	var told time.Time
	wrong := make(chan error)
	go func() {
		defer close(wrong)
		k.ring.Run(ctx, func(err error) { wrong <- err })
	}()
	for err := range wrong {
		if time.Since(told) >= tellEvery {
			log.Warn("the keys in the database cannot be looked at; none of them is accepted until they can", "error", err)
			told = time.Now()
		}
	}
	return nil
}

// noteLastWithin is how long the last uses of keys may take to be noted.
const noteLastWithin = 2 * time.Second

// noteLast notes the uses of keys when there are no more, whether or not ctx has ended.
func (k *keyDesk) noteLast(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteLastWithin)
	defer cancel()
	if err := k.ring.NoteUses(ctx); err != nil {
		log.Warn("the last use of keys could not be noted", "error", err)
	}
}

// mayHoldKeys tells whether there may be keys in the database: one that is ours and was not made yet has none.
func mayHoldKeys(cfg config.Config) bool {
	if cfg.Database.URL != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(cfg.DataDir, "postgres"))
	return err == nil
}
