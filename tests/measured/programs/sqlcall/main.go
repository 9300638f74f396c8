// database/sql with a driver that waits for its context: goroutines cut off in
// a query carry on; transactions have a goroutine that waits for the context.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

type drv struct{}
type conn struct{}
type rows struct{ left int }
type tx struct{}

func (drv) Open(string) (driver.Conn, error)      { return &conn{}, nil }
func (*conn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("no statements") }
func (*conn) Close() error                        { return nil }
func (*conn) Begin() (driver.Tx, error)           { return tx{}, nil }
func (*conn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return tx{}, nil
}
func (tx) Commit() error   { return nil }
func (tx) Rollback() error { return nil }
func (*conn) QueryContext(ctx context.Context, q string, _ []driver.NamedValue) (driver.Rows, error) {
	if q == "slow" {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(300 * ms):
		}
	}
	return &rows{3}, nil
}
func (*rows) Columns() []string { return []string{"a"} }
func (*rows) Close() error      { return nil }
func (r *rows) Next(dest []driver.Value) error {
	if r.left == 0 {
		return io.EOF
	}
	r.left--
	dest[0] = int64(r.left)
	return nil
}

func query(db *sql.DB, i int, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 20*ms)
	defer cancel()
	c := truth.NewCancel(fmt.Sprint("query", i), "deadline", "")
	c.Deadline(ctx)
	// The driver is in package main here, so "own" can be argued for.
	l := truth.Enter(c, "query", "woken", "call|own")
	l.LivesOn("cut off in a call to database/sql, carries on")
	defer l.Left()
	db.QueryContext(ctx, "slow")
	l.Heard()
	time.Sleep(30 * ms)
}

// waitForConn is cut off while it waits for a free connection, inside database/sql.
func waitForConn(db *sql.DB, c *truth.Cancel, ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, "waitForConn", "woken", "call")
	l.LivesOn("cut off in a call to database/sql, carries on")
	defer l.Left()
	db.Conn(ctx)
	l.Heard()
	time.Sleep(30 * ms)
}

func main() {
	truth.Run(func() {
		sql.Register("fake", drv{})
		db, _ := sql.Open("fake", "")
		db.SetMaxOpenConns(3)
		var wg sync.WaitGroup
		for i := 0; i < 3; i++ {
			wg.Add(1)
			go query(db, i, &wg)
		}
		wg.Wait()

		// Rows and transactions: database/sql's own goroutines (awaitDone) hear these.
		for i := 0; i < 3; i++ {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			r, err := db.QueryContext(ctx, "quick")
			if err == nil {
				r.Next()
				time.Sleep(2 * ms)
				r.Close()
			}
			t, err := db.BeginTx(ctx, nil)
			if err == nil {
				time.Sleep(2 * ms)
				t.Commit()
			}
			cancel()
		}

		// All connections taken; the next one waits inside database/sql.
		hold, release := context.WithCancel(context.Background())
		var conns []*sql.Conn
		for i := 0; i < 3; i++ {
			cn, _ := db.Conn(hold)
			conns = append(conns, cn)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 15*ms)
		c := truth.NewCancel("conn", "deadline", "")
		c.Deadline(ctx)
		wg.Add(2)
		go waitForConn(db, c, ctx, &wg)
		go waitForConn(db, c, ctx, &wg)
		wg.Wait()
		cancel()
		release()
		for _, cn := range conns {
			cn.Close()
		}
		db.Close()
		truth.Settle()
	})
}
