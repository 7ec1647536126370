package event

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"
)

// subjectsAtOnce bounds the values bound in one statement.
const subjectsAtOnce = 500

// Readdress makes the events of some subjects concern another department: what
// they are about has changed hands, and a stream that is read again tells them
// to the new one only. What happened, when and by whom stays as it was.
func (l *Log) Readdress(ctx context.Context, tx bun.Tx, topics, subjects []string, department string) error {
	for some := range slices.Chunk(subjects, subjectsAtOnce) {
		_, err := tx.NewUpdate().Model((*Event)(nil)).Set("department = ?", department).
			Where("topic IN (?)", bun.List(topics)).Where("subject IN (?)", bun.List(some)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("readdress events: %w", err)
		}
	}
	return nil
}
