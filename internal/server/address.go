package server

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// addressKey is where a context holds where its request comes from.
type addressKey struct{}

func withAddress(ctx context.Context, from netip.Addr) context.Context {
	return context.WithValue(ctx, addressKey{}, from)
}

// addressOf is where the request of ctx comes from, and no address where that is not known.
func addressOf(ctx context.Context) netip.Addr {
	from, _ := ctx.Value(addressKey{}).(netip.Addr)
	return from
}

// proxies are those whose word on where a request comes from is taken.
type proxies []netip.Prefix

// origin is the address that a request comes from: the one that the connection is with, or where that is a proxy of ours,
// the one that the proxy says. X-Forwarded-For is read from its end, where our proxies have added to it, to the first address
// that is not of a proxy of ours: what stands before, anybody may have made up.
func (p proxies) origin(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	from := peer.Addr().Unmap()
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(said) {
		before, err := parseHop(strings.TrimSpace(hop))
		if !p.has(from) || err != nil {
			break
		}
		from = before.Unmap()
	}
	return from
}

// parseHop reads an address of X-Forwarded-For, to which some proxies add the port.
func parseHop(hop string) (netip.Addr, error) {
	if with, err := netip.ParseAddrPort(hop); err == nil {
		return with.Addr(), nil
	}
	return netip.ParseAddr(hop)
}

func (p proxies) has(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(known netip.Prefix) bool { return known.Contains(address.WithZone("")) })
}

// shown is the address for people; empty where it is not known.
func shown(from netip.Addr) string {
	if !from.IsValid() {
		return ""
	}
	return from.String()
}
