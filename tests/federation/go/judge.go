// SPDX-License-Identifier: AGPL-3.0-or-later

// A judge of a town's log that shares nothing with us: the Go team's sumdb packages read the same
// directory. It takes one JSON object on standard input and answers with one on standard output.
//
// x/mod spells tile paths with their height (tile/8/0/000) and knows one type of key; the two small
// adapters below say how a C2SP log differs, and nothing else is our own.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type request struct {
	Dir         string        `json:"dir"`
	Checkpoint  string        `json:"checkpoint"`
	Vkeys       []string      `json:"vkeys"`
	Inclusion   []inclusion   `json:"inclusion"`
	Consistency []consistency `json:"consistency"`
}

type inclusion struct {
	Leaf  []byte   `json:"leaf"`
	Index int64    `json:"index"`
	Proof [][]byte `json:"proof"`
}

type consistency struct {
	Old   int64    `json:"old"`
	Root  []byte   `json:"root"`
	Proof [][]byte `json:"proof"`
}

type answer struct {
	Origin      string   `json:"origin"`
	Size        int64    `json:"size"`
	Root        []byte   `json:"root"`
	SignedBy    []string `json:"signed_by"`
	FromEntries []byte   `json:"from_entries"`
	FromTiles   []byte   `json:"from_tiles"`
	Inclusion   []string `json:"inclusion"`
	Consistency []string `json:"consistency"`
}

// cosigner verifies a timestamped Ed25519 cosignature (C2SP tlog-cosignature, type 0x04).
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }

func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	return ed25519.Verify(c.key, append([]byte(head), text...), signature[8:])
}

func verifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("not a vkey")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(key) != 33 || key[0] != 4 {
		return note.NewVerifier(vkey)
	}
	hash, err := hex.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(hash), key[1:]}, nil
}

// tiles reads hash tiles of a directory in the layout of C2SP tlog-tiles.
type tiles struct{ dir string }

func (t tiles) Height() int                         { return 8 }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// entries returns the record hash of every entry that the bundles hold.
func entries(dir string, size int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for start := int64(0); start < size; start += 256 {
		width := 256
		if size-start < 256 {
			width = int(size - start)
		}
		path := strings.Replace(tlog.Tile{H: 8, L: 0, N: start / 256, W: width}.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, err
		}
		for i := 0; i < width; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("a bundle ends too early")
			}
			length := int(binary.BigEndian.Uint16(data))
			hashes = append(hashes, tlog.RecordHash(data[2:2+length]))
			data = data[2+length:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("a bundle holds more than its entries")
		}
	}
	return hashes, nil
}

// fromEntries returns the root of record hashes, by the package's own stored hashes.
func fromEntries(records []tlog.Hash) (tlog.Hash, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for i, record := range records {
		more, err := tlog.StoredHashesForRecordHash(int64(i), record, reader)
		if err != nil {
			return tlog.Hash{}, err
		}
		stored = append(stored, more...)
	}
	return tlog.TreeHash(int64(len(records)), reader)
}

func hashes(given [][]byte) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, one := range given {
		var hash tlog.Hash
		if len(one) != len(hash) {
			return nil, fmt.Errorf("a hash does not have 32 bytes")
		}
		copy(hash[:], one)
		found = append(found, hash)
	}
	return found, nil
}

func same(ours, theirs []tlog.Hash) error {
	if len(ours) != len(theirs) {
		return fmt.Errorf("%d hashes, not %d", len(ours), len(theirs))
	}
	for i := range ours {
		if ours[i] != theirs[i] {
			return fmt.Errorf("hash %d is another one", i)
		}
	}
	return nil
}

func checkInclusion(one inclusion, size int64, root tlog.Hash, reader tlog.HashReader) error {
	ours, err := hashes(one.Proof)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(ours, size, root, one.Index, tlog.RecordHash(one.Leaf)); err != nil {
		return err
	}
	theirs, err := tlog.ProveRecord(size, one.Index, reader)
	if err != nil {
		return err
	}
	return same(ours, theirs)
}

func checkConsistency(one consistency, size int64, root tlog.Hash, reader tlog.HashReader) error {
	ours, err := hashes(one.Proof)
	if err != nil {
		return err
	}
	old, err := hashes([][]byte{one.Root})
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(ours, size, root, one.Old, old[0]); err != nil {
		return err
	}
	theirs, err := tlog.ProveTree(size, one.Old, reader)
	if err != nil {
		return err
	}
	return same(ours, theirs)
}

func judge(asked request) (*answer, error) {
	var verifiers []note.Verifier
	for _, vkey := range asked.Vkeys {
		one, err := verifier(vkey)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, one)
	}
	path := asked.Checkpoint
	if path == "" {
		path = filepath.Join(asked.Dir, "checkpoint")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	opened, err := note.Open(data, note.VerifierList(verifiers...))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 {
		return nil, fmt.Errorf("a checkpoint does not have three lines")
	}
	result := &answer{Origin: lines[0], Inclusion: []string{}, Consistency: []string{}}
	if result.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return nil, err
	}
	if result.Root, err = base64.StdEncoding.DecodeString(lines[2]); err != nil {
		return nil, err
	}
	for _, signature := range opened.Sigs {
		result.SignedBy = append(result.SignedBy, fmt.Sprintf("%s+%08x", signature.Name, signature.Hash))
	}
	roots, err := hashes([][]byte{result.Root})
	if err != nil {
		return nil, err
	}
	records, err := entries(asked.Dir, result.Size)
	if err != nil {
		return nil, err
	}
	counted, err := fromEntries(records)
	if err != nil {
		return nil, err
	}
	reader := tlog.TileHashReader(tlog.Tree{N: result.Size, Hash: roots[0]}, tiles{asked.Dir})
	tiled, err := tlog.TreeHash(result.Size, reader)
	if err != nil {
		return nil, err
	}
	result.FromEntries, result.FromTiles = counted[:], tiled[:]
	for _, one := range asked.Inclusion {
		result.Inclusion = append(result.Inclusion, word(checkInclusion(one, result.Size, roots[0], reader)))
	}
	for _, one := range asked.Consistency {
		result.Consistency = append(result.Consistency, word(checkConsistency(one, result.Size, roots[0], reader)))
	}
	return result, nil
}

func word(err error) string {
	if err != nil {
		return err.Error()
	}
	return "ok"
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(2)
	}
	result, err := judge(asked)
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		os.Exit(2)
	}
}
