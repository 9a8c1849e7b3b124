package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/runtime/loyalty"
)

type couponOptions struct {
	key, amount, reservation string
	span                     time.Duration
}

func newCoupon(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "coupon",
		Short:   "issue, check, use, return, reserve and void codes of coupons",
		GroupID: groupStore,
		Long: `Issues codes of coupons to members, and does what shops do with codes. Each request but a check has a key, a name of
your own: the same request, given again, gets the same answer and changes nothing.`,
		Example: `  muster coupon issue back100 13800138000 --key birthday-2026
  muster coupon check 7K3M-9QXT-2B4C-8HRW --amount 620
  muster coupon use 7K3M-9QXT-2B4C-8HRW --amount 620 --key order-17
  muster coupon return 7K3M-9QXT-2B4C-8HRW --key refund-3
  muster coupon reserve 7K3M-9QXT-2B4C-8HRW --for 15m --key cart-5
  muster coupon use 7K3M-9QXT-2B4C-8HRW --amount 620 --key order-18 --reservation cart-5
  muster coupon show`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	verb := func(do, args, short string, n int) {
		var o couponOptions
		c := &cobra.Command{
			Use: do + " " + args, Short: short, Args: cobra.ExactArgs(n), Annotations: onlyTableAndJSON,
			Example: examplesOf(cmd, do),
			RunE:    func(cmd *cobra.Command, args []string) error { return a.coupon(cmd.Context(), do, args, o) },
		}
		flags := c.Flags()
		if do == live.UseCode || do == live.CheckCode {
			flags.StringVar(&o.amount, "amount", "", "the `purchase`, before anything is taken off")
		}
		if do == live.UseCode || do == live.CheckCode || do == live.ReleaseCode {
			flags.StringVar(&o.reservation, "reservation", "", "the `key` under which the code was reserved")
		}
		if do == live.ReserveCode {
			flags.DurationVar(&o.span, "for", 15*time.Minute, "how `long` the reservation holds")
		}
		if do != live.CheckCode {
			flags.StringVar(&o.key, "key", "", "`name` of the request: the same one, given again, changes nothing")
		}
		cmd.AddCommand(c)
	}
	verb(live.IssueCode, "COUPON ID", "give a member a code", 2)
	verb(live.CheckCode, "CODE", "ask whether a code can be used, and what it takes off", 1)
	verb(live.UseCode, "CODE", "use a code for a purchase", 1)
	verb(live.ReturnCode, "CODE", "take a use back", 1)
	verb(live.ReserveCode, "CODE", "keep a code for a purchase for a while", 1)
	verb(live.ReleaseCode, "CODE", "give a reservation up", 1)
	verb(live.VoidCode, "CODE", "take a code back that has not been used", 1)
	cmd.AddCommand(&cobra.Command{
		Use: "show [COUPON]", Short: "show the coupons and how many codes there are of each", Args: cobra.MaximumNArgs(1),
		Example: "  muster coupon show\n  muster coupon show back100 --format json", Annotations: onlyTableAndJSON,
		RunE: func(cmd *cobra.Command, args []string) error { return a.showCoupons(cmd.Context(), args) },
	})
	return cmd
}

// examplesOf are the examples of a command that are about one of its verbs, or a plain one.
func examplesOf(cmd *cobra.Command, verb string) string {
	var out []string
	for _, line := range strings.Split(cmd.Example, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "muster coupon "+verb+" ") {
			out = append(out, line)
		}
	}
	if len(out) == 0 {
		switch verb {
		case live.ReleaseCode:
			return "  muster coupon release 7K3M-9QXT-2B4C-8HRW --reservation cart-5 --key cart-5-given-up"
		case live.VoidCode:
			return "  muster coupon void 7K3M-9QXT-2B4C-8HRW --key mistake-2"
		}
	}
	return strings.Join(out, "\n")
}

// codeJSON is what a server answers to what is done with a code, and to a check.
type codeJSON struct {
	Coupon  string         `json:"coupon,omitempty"`
	Code    string         `json:"code"`
	Member  uint32         `json:"member"`
	Usable  *bool          `json:"usable,omitempty"`
	Reason  loyalty.Reason `json:"reason,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Done    string         `json:"done,omitempty"`
	Again   *bool          `json:"again,omitempty"`
	At      string         `json:"at,omitempty"`
	Expires string         `json:"expires,omitempty"`
	Terms   *termsJSON     `json:"terms,omitempty"`
	Amount  json.Number    `json:"amount,omitempty"`
	Worth   json.Number    `json:"worth,omitempty"`
	Until   string         `json:"until,omitempty"`
}

type termsJSON struct {
	Off      json.Number `json:"off,omitempty"`
	Percent  json.Number `json:"percent,omitempty"`
	UpTo     json.Number `json:"up_to,omitempty"`
	Gift     string      `json:"gift,omitempty"`
	MinSpend json.Number `json:"min_spend,omitempty"`
	From     string      `json:"from,omitempty"`
	Price    int64       `json:"price,omitempty"`
	Points   string      `json:"points,omitempty"`
}

// coupon asks something of a coupon or a code.
func (a *app) coupon(ctx context.Context, do string, args []string, o couponOptions) error {
	body := map[string]any{}
	switch {
	case o.key == "" && do != live.CheckCode:
		return usageError("coupon "+do, "--key is needed: the name by which the request is known if it is sent again")
	case do == live.ReleaseCode && o.reservation == "":
		return usageError("coupon "+do, "--reservation is needed: the key under which the code was reserved")
	case do == live.ReserveCode && o.span < time.Second:
		return usageError("coupon "+do, "--for takes a time of at least a second, such as 15m")
	}
	for name, text := range map[string]string{"key": o.key, "reservation": o.reservation} {
		if text != "" {
			body[name] = text
		}
	}
	if o.amount != "" {
		amount := strings.ReplaceAll(o.amount, "_", "")
		if !json.Valid([]byte(amount)) || strings.Trim(amount, "0123456789.") != "" {
			return fmt.Errorf("--amount: %q is no amount", o.amount)
		}
		body["amount"] = json.Number(amount)
	}
	if do == live.ReserveCode {
		body["seconds"] = int64(o.span / time.Second)
	}
	path := "/v1/coupons/codes/" + url.PathEscape(args[0]) + "/" + do
	if do == live.IssueCode {
		body["member"] = args[1]
		path = "/v1/coupons/" + url.PathEscape(args[0]) + "/issue"
	}
	c, end, err := a.reach(ctx)
	if err != nil {
		return err
	}
	defer end()
	var got codeJSON
	if err := c.do(ctx, "POST", path, body, &got); err != nil {
		return err
	}
	if a.format == formatJSON {
		err = writeJSON(a.out, got)
	} else {
		got.write(a.out)
	}
	if err == nil && got.Usable != nil && !*got.Usable {
		return errFindings
	}
	return err
}

// write says in a line what was done with a code.
func (c *codeJSON) write(w io.Writer) {
	code := grouped(c.Code)
	switch {
	case c.Usable != nil && !*c.Usable:
		fmt.Fprintf(w, "%s cannot be used: %s\n", code, c.Detail)
		return
	case c.Usable != nil:
		fmt.Fprintf(w, "%s of %s can be used%s: %s\n", code, c.Coupon, through(c.Expires), c.worth())
		return
	}
	switch c.Done {
	case live.IssueCode:
		fmt.Fprintf(w, "%s of %s is issued%s", code, c.Coupon, through(c.Expires))
	case live.UseCode:
		fmt.Fprintf(w, "%s of %s is used: %s", code, c.Coupon, c.worth())
	case live.ReturnCode:
		fmt.Fprintf(w, "the use of %s of %s is taken back", code, c.Coupon)
	case live.ReserveCode:
		fmt.Fprintf(w, "%s of %s is reserved until %s", code, c.Coupon, c.Until)
	case live.ReleaseCode:
		fmt.Fprintf(w, "the reservation of %s of %s is given up", code, c.Coupon)
	default:
		fmt.Fprintf(w, "%s of %s is void", code, c.Coupon)
	}
	if c.Again != nil && *c.Again {
		fmt.Fprint(w, ", as before: this was done already")
	}
	fmt.Fprintln(w)
}

// worth is what a use is worth, in words.
func (c *codeJSON) worth() string {
	if c.Terms != nil && c.Terms.Gift != "" {
		return c.Terms.Gift
	}
	return c.Worth.String() + " off"
}

func through(date string) string {
	if date == "" {
		return ""
	}
	return " through " + date
}

// grouped is a code as people read it.
func grouped(code string) string {
	var parts []string
	for len(code) > 4 {
		parts = append(parts, code[:4])
		code = code[4:]
	}
	return strings.Join(append(parts, code), "-")
}

// couponJSON is a coupon of the rules, and how many codes there are of it.
type couponJSON struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	termsJSON
	Stock  *int64      `json:"stock"`
	Left   *int64      `json:"left"`
	Issued int64       `json:"issued"`
	Used   int64       `json:"used"`
	Usable int64       `json:"usable"`
	Worth  json.Number `json:"worth"`
}

func (a *app) showCoupons(ctx context.Context, args []string) error {
	var got struct {
		Coupons []couponJSON `json:"coupons"`
	}
	c, end, err := a.reach(ctx)
	if err != nil {
		return err
	}
	defer end()
	if len(args) == 0 {
		err = c.do(ctx, "GET", "/v1/coupons", nil, &got)
	} else {
		got.Coupons = make([]couponJSON, 1)
		err = c.do(ctx, "GET", "/v1/coupons/"+url.PathEscape(args[0]), nil, &got.Coupons[0])
	}
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, got)
	}
	t := table{columns: []col{
		{head: "coupon"}, {head: "worth"}, {head: "stock", right: true}, {head: "left", right: true}, {head: "issued", right: true},
		{head: "used", right: true}, {head: "usable", right: true}, {head: "taken off", right: true}, {},
	}}
	for _, c := range got.Coupons {
		t.add(c.Name, c.what(), orDash(c.Stock), orDash(c.Left), count(c.Issued), count(c.Used), count(c.Usable), c.Worth.String(), c.Title)
	}
	return t.write(a.out, "", a.style(a.out))
}

// what is what a coupon is worth, in words.
func (t termsJSON) what() string {
	switch {
	case t.Gift != "":
		return t.Gift
	case t.Off != "":
		return t.Off.String() + " off"
	}
	share, _ := t.Percent.Float64()
	text := fmt.Sprintf("%.6g%% off", share*100)
	if t.UpTo != "" {
		text += " up to " + t.UpTo.String()
	}
	return text
}

func orDash(n *int64) string {
	if n == nil {
		return "-"
	}
	return count(*n)
}
