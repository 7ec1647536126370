package guard

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"shuniu/fault"
)

// Argon2id with 19 MiB, 2 passes, 1 lane.
// Source: RFC 9106; OWASP Password Storage Cheat Sheet, minimum configuration.
const (
	argonMemoryKiB = 19 << 10
	argonPasses    = 2
	argonLanes     = 1
	saltBytes      = 16
	keyBytes       = 32
)

// hashers bounds how many passwords are hashed at once, so that a flood of
// sign-ins costs 38 MiB and not the hub.
var hashers = make(chan struct{}, 2)

func takeHasher(ctx context.Context) (release func(), err error) {
	select {
	case hashers <- struct{}{}:
		return func() { <-hashers }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a hasher: %w: %w", ctx.Err(), fault.Busy)
	}
}

// hashPassword returns password as a PHC string.
func hashPassword(ctx context.Context, password string) (string, error) {
	release, err := takeHasher(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails since Go 1.24
	key := argon2.IDKey([]byte(password), salt, argonPasses, argonMemoryKiB, argonLanes, keyBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemoryKiB, argonPasses, argonLanes,
		b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// noPassword is what an unknown account is checked against, so that it takes
// as long as a known one.
const noPassword = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" //nolint:gosec // the hash of nothing

// matchPassword compares in constant time; the caller holds a hasher. A
// stored string of another form is fault.Damaged.
func matchPassword(stored, password string) (bool, error) {
	var version, memory, passes, lanes int
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("stored password has no known form: %w", fault.Damaged)
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes); err != nil ||
		version != argon2.Version || memory < 8 || memory > 1<<20 || passes < 1 || passes > 16 || lanes < 1 || lanes > 16 {
		return false, fmt.Errorf("parameters of stored password: %w", fault.Damaged)
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) != keyBytes {
		return false, fmt.Errorf("stored password: %w", fault.Damaged)
	}
	got := argon2.IDKey([]byte(password), salt, uint32(passes), uint32(memory), uint8(lanes), keyBytes)
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// checkPassword says whether a new password is good enough: at least 8
// characters of at least two kinds, and not the account's own name.
// Source: GB/T 22239-2019, 8.1.4.1 a).
func checkPassword(account, password string) error {
	if utf8.RuneCountInString(password) < 8 || len(password) > 256 {
		return fmt.Errorf("password needs 8 to 256 characters: %w", fault.Invalid)
	}
	if account != "" && strings.Contains(strings.ToLower(password), strings.ToLower(account)) {
		return fmt.Errorf("password contains the account's name: %w", fault.Invalid)
	}
	var lower, upper, digit, other int
	for _, r := range password {
		switch {
		case r >= 'a' && r <= 'z':
			lower = 1
		case r >= 'A' && r <= 'Z':
			upper = 1
		case r >= '0' && r <= '9':
			digit = 1
		default:
			other = 1
		}
	}
	if lower+upper+digit+other < 2 {
		return fmt.Errorf("password needs two of: small letters, capitals, digits, other characters: %w", fault.Invalid)
	}
	return nil
}
