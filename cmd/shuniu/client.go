package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"shuniu/fault"
)

// A client speaks to the server that holds the data folder, as its owner.
type client struct {
	reach
	http *http.Client
}

func (a *app) client() (*client, error) {
	dir, err := filepath.Abs(a.conf.Data)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	r, err := readReach(dir)
	if err != nil {
		return nil, fmt.Errorf("reach the server of %s: %w", dir, err)
	}
	return &client{r, &http.Client{Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		ResponseHeaderTimeout: 30 * time.Minute,
		TLSClientConfig:       pinned(r.Certificate),
	}}}, nil
}

// post sends body as JSON; the caller closes the answer's body. An answer of
// another class than 2xx is an error with its kind.
func (c *client) post(ctx context.Context, path string, body any) (*http.Response, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+path, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return c.do(req)
}

// errWentAway ends a command whose server ended before it.
var errWentAway = fmt.Errorf("the server went away before it was done: what has a receipt is safe, nothing is half there; "+
	"run the same command again for the rest (服务已中断：有回执的数据已安全入库；请重新运行同一命令): %w", fault.Busy)

func (c *client) do(req *http.Request) (*http.Response, error) {
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Accept-Language", "zh-CN")
	res, err := c.http.Do(req)
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return nil, errWentAway
	}
	if err != nil {
		return nil, fmt.Errorf("ask the server that holds the data folder: %w: %w", err, fault.Busy)
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer func() { _ = res.Body.Close() }() // only read
	return nil, problemOf(res)
}

// problemOf turns problem+json into an error of its kind.
func problemOf(res *http.Response) error {
	var p struct{ Title, Detail, Hint string }
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("the server's answer: %w", err)
	}
	if json.Unmarshal(raw, &p) != nil || p.Title == "" {
		p.Title = res.Status
	}
	kind := map[int]error{
		http.StatusBadRequest: fault.Invalid, http.StatusUnprocessableEntity: fault.Invalid, http.StatusUnauthorized: fault.Denied,
		http.StatusForbidden: fault.Denied, http.StatusNotFound: fault.NotFound, http.StatusConflict: fault.Conflict,
		http.StatusServiceUnavailable: fault.Busy, http.StatusTooManyRequests: fault.Busy, http.StatusInsufficientStorage: fault.Full,
	}[res.StatusCode]
	text := errors.New(join(p.Title, p.Detail, p.Hint))
	if kind == nil {
		return text
	}
	return fmt.Errorf("%w: %w", text, kind)
}

func join(parts ...string) string {
	out := ""
	for _, p := range parts {
		switch {
		case p == "" || strings.HasPrefix(out, p):
		case strings.HasPrefix(p, out): // the detail begins with the title
			out = p
		default:
			out += " " + p
		}
	}
	return out
}
