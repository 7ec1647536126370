package workbook

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // the file format says so
	"crypto/rc4"  //nolint:gosec // the file format says so
	"crypto/sha1" //nolint:gosec // the file format says so
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"strconv"
	"unicode/utf16"
)

// defaultPassword is what spreadsheets use when a workbook is protected
// without a password to open. Source: [MS-OFFCRYPTO] 2.4.2.3.
const defaultPassword = "VelvetSweatshop"

func encrypted() error {
	return refuse("encrypted", "文件加了打开密码。", "请在办公软件里去掉打开密码、另存后再交，或在预览中填写密码。")
}

func utf16le(s string) []byte {
	u := utf16.Encode([]rune(s))
	b := make([]byte, 2*len(u))
	for i, c := range u {
		binary.LittleEndian.PutUint16(b[2*i:], c)
	}
	return b
}

func le32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

// The old ciphers and digests that the file formats prescribe.

func md5Of(b []byte) [md5.Size]byte { return md5.Sum(b) } //nolint:gosec // the file format says so

func sha1Of(b []byte) [sha1.Size]byte { return sha1.Sum(b) } //nolint:gosec // the file format says so

func rc4Of(key []byte) (*rc4.Cipher, error) { return rc4.NewCipher(key) } //nolint:gosec // the file format says so

// A streamKey gives the RC4 key of a block of 1,024 bytes.
type streamKey func(block uint32) []byte

// rc4Binary is the 40-bit RC4 of XLS. Source: [MS-OFFCRYPTO] 2.3.6.
func rc4Binary(salt, verifier, verifierHash []byte, password string) (streamKey, bool) {
	h := md5Of(utf16le(password))
	var buf []byte
	for range 16 {
		buf = append(buf, h[:5]...)
		buf = append(buf, salt...)
	}
	h1 := md5Of(buf)
	key := func(block uint32) []byte {
		k := md5Of(append(bytes.Clone(h1[:5]), le32(block)...))
		return k[:]
	}
	c, err := rc4Of(key(0))
	if err != nil {
		return nil, false
	}
	v := make([]byte, 32)
	c.XORKeyStream(v, append(bytes.Clone(verifier), verifierHash...))
	want := md5Of(v[:16])
	return key, bytes.Equal(want[:], v[16:])
}

// rc4CryptoAPI is RC4 with a key made by SHA-1. Source: [MS-OFFCRYPTO] 2.3.5.
func rc4CryptoAPI(salt, verifier, verifierHash []byte, bits int, password string) (streamKey, bool) {
	if bits == 0 {
		bits = 40
	}
	if bits < 40 || bits > 128 || len(verifierHash) < 20 {
		return nil, false
	}
	h0 := sha1Of(append(bytes.Clone(salt), utf16le(password)...))
	key := func(block uint32) []byte {
		k := sha1Of(append(bytes.Clone(h0[:]), le32(block)...))
		out := bytes.Clone(k[:bits/8])
		if bits == 40 {
			out = append(out, make([]byte, 11)...)
		}
		return out
	}
	c, err := rc4Of(key(0))
	if err != nil {
		return nil, false
	}
	v := make([]byte, 36)
	c.XORKeyStream(v, append(bytes.Clone(verifier), verifierHash[:20]...))
	want := sha1Of(v[:16])
	return key, bytes.Equal(want[:], v[16:36])
}

// decryptPackage opens the OOXML package inside a compound file.
func decryptPackage(c *compound, password string) ([]byte, error) {
	info, _, err := c.read("EncryptionInfo")
	if err != nil || len(info) < 8 {
		return nil, damaged("加密信息已损坏。")
	}
	pack, _, err := c.read("EncryptedPackage")
	if err != nil || len(pack) < 8 {
		return nil, damaged("加密的内容不完整。")
	}
	size := binary.LittleEndian.Uint64(pack)
	body := pack[8:]
	if size > uint64(len(body)) {
		return nil, damaged("加密的内容不完整。")
	}
	tries := []string{defaultPassword}
	if password != "" {
		tries = []string{password, defaultPassword}
	}
	major, minor := binary.LittleEndian.Uint16(info), binary.LittleEndian.Uint16(info[2:])
	for _, p := range tries {
		var out []byte
		var ok bool
		switch {
		case major == 4 && minor == 4:
			out, ok, err = agile(info[8:], body, p)
		case minor == 2 && major >= 2 && major <= 4:
			out, ok, err = standard(info, body, p)
		default:
			return nil, encrypted()
		}
		if err != nil {
			return nil, err
		}
		if ok {
			return out[:min(uint64(len(out)), size)], nil
		}
	}
	return nil, encrypted()
}

// standard is ECMA-376 standard encryption: AES in ECB. Source: [MS-OFFCRYPTO] 2.3.4.
func standard(info, body []byte, password string) ([]byte, bool, error) {
	bad := damaged("加密信息已损坏。")
	if len(info) < 12 {
		return nil, false, bad
	}
	hs := int(binary.LittleEndian.Uint32(info[8:]))
	if hs < 32 || hs > len(info)-12 {
		return nil, false, bad
	}
	head, v := info[12:12+hs], info[12+hs:]
	bits := int(binary.LittleEndian.Uint32(head[16:]))
	if len(v) < 4+16+16+4+32 || bits != 128 && bits != 192 && bits != 256 {
		return nil, false, bad
	}
	salt, verifier, verifierHash := v[4:20], v[20:36], v[40:72]
	h := sha1Of(append(bytes.Clone(salt), utf16le(password)...))
	d := h[:]
	for i := range uint32(50000) {
		x := sha1Of(append(le32(i), d...))
		d = x[:]
	}
	final := sha1Of(append(bytes.Clone(d), 0, 0, 0, 0))
	derive := func(fill byte) []byte {
		b := bytes.Repeat([]byte{fill}, 64)
		for i := range final {
			b[i] ^= final[i]
		}
		x := sha1Of(b)
		return x[:]
	}
	key := append(derive(0x36), derive(0x5C)...)[:bits/8]
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, false, bad
	}
	ecb := func(in []byte) []byte {
		out := make([]byte, len(in)/16*16)
		for i := 0; i+16 <= len(in); i += 16 {
			block.Decrypt(out[i:], in[i:])
		}
		return out
	}
	want := sha1Of(ecb(verifier))
	if !hmac.Equal(want[:], ecb(verifierHash)[:20]) {
		return nil, false, nil
	}
	return ecb(body), true, nil
}

var (
	blockVerifierInput = []byte{0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79}
	blockVerifierValue = []byte{0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e}
	blockKeyValue      = []byte{0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0, 0xd6}
)

// maxSpin bounds the work a file may ask for: Office writes 100,000.
const maxSpin = 2_000_000

// agile is ECMA-376 agile encryption: AES in CBC, 4,096-byte segments. Source: [MS-OFFCRYPTO] 2.3.4.10.
func agile(xml, body []byte, password string) ([]byte, bool, error) {
	bad := damaged("加密信息已损坏。")
	var data, key struct {
		salt []byte
		hash string
		bits int
	}
	var spin int
	var verifierInput, verifierValue, keyValue []byte
	b64 := func(v string) []byte {
		b, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return nil
		}
		return b
	}
	s := newScanner(bytes.NewReader(xml))
	for err := s.next(); err == nil; err = s.next() {
		if s.kind != tokStart {
			continue
		}
		switch string(s.name) {
		case "keyData":
			data.salt, data.hash = b64(s.attrText("saltValue")), s.attrText("hashAlgorithm")
		case "encryptedKey":
			key.salt, key.hash = b64(s.attrText("saltValue")), s.attrText("hashAlgorithm")
			key.bits, _ = strconv.Atoi(s.attrText("keyBits"))
			spin, _ = strconv.Atoi(s.attrText("spinCount"))
			verifierInput = b64(s.attrText("encryptedVerifierHashInput"))
			verifierValue = b64(s.attrText("encryptedVerifierHashValue"))
			keyValue = b64(s.attrText("encryptedKeyValue"))
		}
	}
	kh, dh := hashOf(key.hash), hashOf(data.hash)
	if kh == nil || dh == nil || spin < 0 || spin > maxSpin || key.bits != 128 && key.bits != 192 && key.bits != 256 ||
		len(key.salt) < 16 || len(data.salt) < 16 || len(verifierInput)%16 != 0 || len(verifierValue)%16 != 0 || len(keyValue)%16 != 0 || len(keyValue) < key.bits/8 {
		return nil, false, bad
	}
	sum := func(h hash.Hash, parts ...[]byte) []byte {
		h.Reset()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	h := kh()
	d := sum(h, key.salt, utf16le(password))
	for i := range uint32(spin) {
		d = sum(h, le32(i), d)
	}
	fit := func(b []byte, n int) []byte {
		for len(b) < n {
			b = append(b, 0x36)
		}
		return b[:n]
	}
	open := func(k, iv, in []byte) []byte {
		block, err := aes.NewCipher(k)
		if err != nil || len(in)%16 != 0 {
			return nil
		}
		out := make([]byte, len(in))
		cipher.NewCBCDecrypter(block, fit(bytes.Clone(iv), 16)).CryptBlocks(out, in)
		return out
	}
	under := func(blockKey, in []byte) []byte {
		return open(fit(sum(h, d, blockKey), key.bits/8), key.salt, in)
	}
	input, value := under(blockVerifierInput, verifierInput), under(blockVerifierValue, verifierValue)
	want := sum(h, input)
	if len(value) < len(want) || !hmac.Equal(want, value[:len(want)]) {
		return nil, false, nil
	}
	secret := under(blockKeyValue, keyValue)[:key.bits/8]
	g := dh()
	out := make([]byte, 0, len(body))
	for i := 0; i*4096 < len(body); i++ {
		seg := body[i*4096 : min((i+1)*4096, len(body))]
		seg = seg[:len(seg)/16*16]
		out = append(out, open(secret, sum(g, data.salt, le32(uint32(i))), seg)...)
	}
	return out, true, nil
}

func hashOf(name string) func() hash.Hash {
	switch name {
	case "SHA1", "SHA-1":
		return sha1.New
	case "SHA256", "SHA-256":
		return sha256.New
	case "SHA384", "SHA-384":
		return sha512.New384
	case "SHA512", "SHA-512":
		return sha512.New
	}
	return nil
}
