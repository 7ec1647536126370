package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/locale"
)

// cookieName is the session's cookie; over TLS it gets the __Host- prefix,
// which browsers then hold to the host and path /.
const cookieName = "shuniu_session"

// A call is what is known of one request.
type call struct {
	trace   string
	lang    locale.Lang
	address string // of the client, without port
	token   string // of the session, from the cookie
	owner   bool   // the owner's token was presented
	local   bool   // the principal is the owner of the data folder
	secure  bool

	answer    *answerWriter   // nil outside a server
	operation string          // its id, once it is known
	stopping  context.Context //nolint:containedctx // ends when the server stops; for streams
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{lang: locale.Chinese}
}

// takeBack forgets an answer that was begun, if nothing of it has left.
func (c *call) takeBack(begun bool) bool {
	switch {
	case !begun:
		return true
	case c.answer == nil || c.answer.sent:
		return false
	}
	c.answer.reset()
	return true
}

// stopped is closed when the server stops; nil, which never is, in tests.
func (c *call) stopped() <-chan struct{} {
	if c.stopping == nil {
		return nil
	}
	return c.stopping.Done()
}

// as returns ctx in which p acts.
func (c *call) as(ctx context.Context, p guard.Principal) context.Context {
	return guard.With(ctx, p)
}

func (c *call) cookieName() string {
	if c.secure {
		return "__Host-" + cookieName
	}
	return cookieName
}

func (c *call) cookie(token string, expires time.Time) http.Cookie {
	return http.Cookie{Name: c.cookieName(), Value: token, Path: "/", Expires: expires, //nolint:gosec // Secure follows the transport; plain HTTP is loopback
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

func (c *call) noCookie() http.Cookie {
	k := c.cookie("", time.Unix(0, 0)) //nolint:gosec // made by cookie, as every one of ours
	k.MaxAge = -1
	return k
}

// newCall reads what every request carries. owner is the digest of the
// owner's token.
func newCall(r *http.Request, owner [sha256.Size]byte, hasOwner bool, proxies []netip.Prefix) *call {
	c := &call{trace: newTrace(), lang: locale.FromHeader(r.Header.Get("Accept-Language"))}
	c.address, c.secure = origin(r, proxies)
	if k, err := r.Cookie(c.cookieName()); err == nil {
		c.token = k.Value
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && hasOwner {
		sum := sha256.Sum256([]byte(bearer))
		c.owner = subtle.ConstantTimeCompare(sum[:], owner[:]) == 1
	}
	return c
}

// origin tells the client's address and whether it came by TLS. What headers
// say counts only as far as trusted proxies wrote it: the client is the last
// address in X-Forwarded-For that is no proxy of ours.
func origin(r *http.Request, proxies []netip.Prefix) (address string, secure bool) {
	address, secure = r.RemoteAddr, r.TLS != nil
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		address = host
	}
	if !trusted(address, proxies) {
		return address, secure
	}
	switch proto := r.Header.Values("X-Forwarded-Proto"); {
	case len(proto) == 1 && strings.EqualFold(proto[0], "https"):
		secure = true
	case len(proto) > 0:
		secure = false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if address = a.Unmap().String(); !trusted(address, proxies) {
			break
		}
	}
	return address, secure
}

func trusted(address string, proxies []netip.Prefix) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

func newTrace() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

func role(s string) guard.Role { return guard.Role(s) }

// authorize finds who calls and asks the gate for the operation's right. The
// handler's services ask again for the object at hand.
func (a *api) authorize(hc huma.Context, next func(huma.Context)) {
	ext := hc.Operation().Extensions
	callOf(hc.Context()).operation = hc.Operation().OperationID
	if ext[publicKey] == true {
		next(hc)
		return
	}
	ctx := hc.Context()
	p, err := a.principal(ctx)
	if err == nil {
		ctx = guard.With(ctx, p)
		err = a.may(ctx, ext)
	}
	if err != nil {
		a.refuse(hc, a.problem(ctx, err))
		return
	}
	if right := ext[rightKey]; right == string(guard.ReadRows) || right == string(guard.ReadAudit) {
		hc.SetHeader("Cache-Control", "no-store")
	}
	next(huma.WithContext(hc, ctx))
}

// mayOperate is authorize for what is no operation of the document.
func (a *api) mayOperate(ctx context.Context) error {
	p, err := a.principal(ctx)
	if err != nil {
		return err
	}
	return a.svc.Gate.Somewhere(guard.With(ctx, p), guard.Operate)
}

func (a *api) principal(ctx context.Context) (guard.Principal, error) {
	c := callOf(ctx)
	if c.owner {
		c.local = true
		return guard.Local(), nil
	}
	if c.token == "" {
		return guard.Principal{}, errUnauthenticated
	}
	p, err := a.svc.Accounts.Session(ctx, c.token)
	if errors.Is(err, fault.NotFound) {
		return p, errUnauthenticated
	}
	return p, err
}

func (a *api) may(ctx context.Context, ext map[string]any) error {
	if ext[localKey] == true && !callOf(ctx).local {
		return &guard.DeniedError{Action: guard.Operate, Why: "only for the command line of the data folder's owner"}
	}
	right, _ := ext[rightKey].(string)
	if guard.Action(right) == anySession {
		return nil
	}
	if right == "" {
		return fmt.Errorf("operation without a right: %w", fault.Denied)
	}
	return a.svc.Gate.Somewhere(ctx, guard.Action(right))
}

// refuse answers a problem before the handler.
func (a *api) refuse(hc huma.Context, p *Problem) {
	hc.SetHeader("Content-Type", "application/problem+json")
	if p.RetryAfter > 0 {
		hc.SetHeader("Retry-After", fmt.Sprint(p.RetryAfter))
	}
	hc.SetStatus(p.Status)
	if err := jsonFormat.Marshal(hc.BodyWriter(), p); err != nil {
		a.cut(hc.Context(), "send problem", err)
	}
}
