package report_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/report"
)

// The books of a programme in which something of everything has happened are sound, and both sides of all entries meet.
func TestBooks(t *testing.T) {
	s := programme(t)
	books, err := s.reader(report.Period{}).Books(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !books.Sound || books.Points[0].Balance != 0 || books.Points[0].Found != 0 {
		t.Errorf("the books are not sound: %+v", books)
	}
	points, err := s.reader(report.Period{}).Points(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	if books.Points[0].Liability != points.Points[0].Liability {
		t.Errorf("the books say that %d points are owed, and the report says %d", books.Points[0].Liability, points.Points[0].Liability)
	}
	asJSON, err := json.MarshalIndent(books, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "books.json", string(asJSON)+"\n")
	var b strings.Builder
	for _, table := range books.Tables() {
		b.WriteString(table.Title + "\n")
		for _, row := range table.Rows {
			b.WriteString(strings.Join(row, " | ") + "\n")
		}
		b.WriteString(table.Note + "\n")
	}
	golden(t, "books.txt", b.String())
}

// An error in the store is found, and named by member, lot and entry.
func TestBooksFindAPlantedError(t *testing.T) {
	for _, plant := range []struct {
		name string
		do   func(s *shop, facts int)
		want string
	}{
		{"another amount", func(s *shop, facts int) {
			s.change(1, facts, "spend", ir.FactActive, -7)
		}, "an entry of `spend` cannot be -407 active"},
		{"an entry that is gone", func(s *shop, facts int) {
			all := s.members[0][facts]
			s.members[0][facts] = all[1:]
		}, "and none that granted it"},
		{"an entry twice", func(s *shop, facts int) {
			all := s.members[0][facts]
			s.members[0][facts] = append(all[:1:1], all...)
		}, "it was granted twice"},
		{"below zero", func(s *shop, facts int) {
			s.change(0, facts, "activate", ir.FactPending, -5)
		}, "after an entry of `activate` it has 1200 active and -5 pending points"},
	} {
		t.Run(plant.name, func(t *testing.T) {
			s := programme(t)
			plant.do(s, s.event("points:stars"))
			books, err := s.reader(report.Period{}).Books(context.Background(), "stars")
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, d := range books.Points[0].Differences {
				texts = append(texts, d.Text)
				if d.Lot == 0 || d.Member > 1 {
					t.Errorf("of whom is %+v?", d)
				}
			}
			if books.Sound || !strings.Contains(strings.Join(texts, "\n"), plant.want) {
				t.Errorf("found %q, want %q", texts, plant.want)
			}
		})
	}
}
