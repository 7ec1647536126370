package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"shuniu/fault"
)

type loginOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

type logoutOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *api) sessionOps() {
	add(a, a.post("login", "/api/login", "session", "", "Sign in"),
		func(ctx context.Context, in *struct{ Body Login }) (*loginOut, error) {
			c := callOf(ctx)
			s, err := a.svc.Accounts.Login(ctx, in.Body.Account, in.Body.Password, c.address)
			if errors.Is(err, fault.Denied) {
				return nil, fault.Explain(errors.Join(errUnauthenticated, err), "http.sign_in", nil)
			}
			if err != nil {
				return nil, err
			}
			me, err := a.svc.Accounts.Me(c.as(ctx, s.Principal))
			if err != nil {
				return nil, err
			}
			return &loginOut{SetCookie: c.cookie(s.Token, s.Expires), Body: me}, nil
		})

	o := a.post("logout", "/api/logout", "session", anySession, "Sign out")
	o.status = http.StatusNoContent
	add(a, o, func(ctx context.Context, _ *empty) (*logoutOut, error) {
		c := callOf(ctx)
		if err := a.svc.Accounts.Logout(ctx, c.token); err != nil {
			return nil, err
		}
		return &logoutOut{SetCookie: c.noCookie()}, nil
	})

	add(a, a.get("me", "/api/me", "session", anySession, "Who the caller is and what they may do"),
		func(ctx context.Context, _ *empty) (*body[Me], error) {
			return answer(a.svc.Accounts.Me(ctx))
		})

	add(a, a.post("switch-role", "/api/me/role", "session", anySession, "Switch to another of the caller's roles, on record"),
		func(ctx context.Context, in *struct{ Body RoleChoice }) (*body[Me], error) {
			c := callOf(ctx)
			p, err := a.svc.Accounts.Switch(ctx, c.token, role(in.Body.Role))
			if err != nil {
				return nil, err
			}
			return answer(a.svc.Accounts.Me(c.as(ctx, p)))
		})

	o = a.post("change-password", "/api/me/password", "session", anySession, "Change the caller's password; every other session ends")
	o.status = http.StatusNoContent
	add(a, o, func(ctx context.Context, in *struct{ Body PasswordChange }) (*none, error) {
		if err := a.svc.Accounts.ChangePassword(ctx, callOf(ctx).token, callOf(ctx).address, in.Body.Old, in.Body.New); errors.Is(err, fault.Denied) {
			return nil, fault.Explain(err, "http.sign_in", nil)
		} else if err != nil {
			return nil, err
		}
		return &none{}, nil
	})
}

var _ huma.StatusError = (*Problem)(nil)
