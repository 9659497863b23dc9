package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"

	"docket/shared/table"
)

// A bbolt file begins with two pages that each hold a root of the tree, written
// in turn; the newer sound one counts. These are the places of its fields, as
// bbolt's package common has them, in the byte order of the machine.
const (
	headStart    = 16 // behind the page's own header
	headChecksum = 56 // FNV-1a of the bytes before it
	headBytes    = headChecksum + 8
)

// checkHeads reports a head that is not sound. bbolt then falls back on the
// other without a word: on the state before the last commit, if the last one's
// is lost. A process that is killed does not leave such a head.
func checkHeads(path string, pageSize int) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	var found error
	for i := range 2 {
		head := make([]byte, headBytes)
		if _, err := file.ReadAt(head, int64(i*pageSize+headStart)); err != nil {
			return errors.Join(fmt.Errorf("read head %d: %w", i, err), file.Close())
		}
		h := fnv.New64a()
		h.Write(head[:headChecksum])
		if h.Sum64() != binary.NativeEndian.Uint64(head[headChecksum:]) {
			found = fmt.Errorf("%w: head %d of the file is lost: the last commit before it was opened may be, too",
				table.ErrDamaged, i)
		}
	}
	return errors.Join(found, file.Close())
}
