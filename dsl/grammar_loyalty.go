package dsl

// Parts that declarations of loyalty and campaigns share.

type gCap struct {
	At   tok      `parser:"@'at'"`
	Most *tok     `parser:"( @'most'"`
	N    *tok     `parser:"  @Int?"`
	What *tok     `parser:"  @('points' | 'times')?"`
	Per  *tok     `parser:"  ( @'per'"`
	By   *gPeriod `parser:"    @@? )? )?"`
}

type gPeriod struct {
	Unit *tok   `parser:"  @('day' | 'week' | 'month' | 'quarter' | 'year')"`
	Span *gSpan `parser:"| @@"`
}

// gLimit is never, after SPAN, SPAN, or end of this|next UNIT.
type gLimit struct {
	Never *tok   `parser:"  @'never'"`
	After *tok   `parser:"| ( @'after'"`
	Later *gSpan `parser:"    @@? )"`
	Span  *gSpan `parser:"| @@"`
	End   *tok   `parser:"| ( @'end'"`
	Of    *tok   `parser:"    ( @'of'"`
	Which *tok   `parser:"      ( @('this' | 'next')"`
	Unit  *tok   `parser:"        @('month' | 'year')? )? )? )"`
}

type gDates struct {
	From tok  `parser:"@Date"`
	To   *tok `parser:"( @'to'"`
	Last *tok `parser:"  @Date? )?"`
}

type gClocks struct {
	From tok  `parser:"@Clock"`
	To   *tok `parser:"( @'to'"`
	Last *tok `parser:"  @Clock? )?"`
}

type gPoints struct {
	Word  tok            `parser:"@'points'"`
	Name  *tok           `parser:"@(Word | Quoted)?"`
	Title *tok           `parser:"@String?"`
	Open  *tok           `parser:"( @'{'"`
	Items []*gPointsItem `parser:"  @@*"`
	Close *tok           `parser:"  @'}'? )?"`
}

type gPointsItem struct {
	Start   *tok      `parser:"  ( @'start'"`
	Date    *tok      `parser:"    @Date? )"`
	Expire  *tok      `parser:"| ( @'expire'"`
	Limit   *gLimit   `parser:"    @@? )"`
	Pending *tok      `parser:"| ( @'pending'"`
	Span    *gSpan    `parser:"    @@? )"`
	Earn    *gEarn    `parser:"| @@"`
	Reverse *gReverse `parser:"| @@"`
}

// gEarn is an earn or a boost.
type gEarn struct {
	Word  tok          `parser:"@('earn' | 'boost')"`
	Name  *tok         `parser:"@(Word | Quoted)?"`
	On    *tok         `parser:"( @'on'"`
	Event *tok         `parser:"  @(Word | Quoted)?"`
	Open  *tok         `parser:"  ( @'{'"`
	Items []*gEarnItem `parser:"    @@*"`
	Close *tok         `parser:"    @'}'? )? )?"`
}

type gEarnItem struct {
	Give   *tok     `parser:"  ( @'give'"`
	GiveX  *gExpr   `parser:"    @@? )"`
	When   *tok     `parser:"| ( @'when'"`
	WhenX  *gExpr   `parser:"    @@? )"`
	Cap    *gCap    `parser:"| @@"`
	Factor *tok     `parser:"| ( @'factor'"`
	Number *gSimple `parser:"    @@? )"`
	During *tok     `parser:"| ( @'during'"`
	Dates  *gDates  `parser:"    @@? )"`
}

type gReverse struct {
	Word     tok  `parser:"@'reverse'"`
	Event    *tok `parser:"@(Word | Quoted)?"`
	On       *tok `parser:"( @'on'"`
	Event2   *tok `parser:"  @(Word | Quoted)?"`
	Matching *tok `parser:"  ( @'matching'"`
	Field    *tok `parser:"    @(Word | Quoted)?"`
	By       *tok `parser:"    ( @'by'"`
	Field2   *tok `parser:"      @(Word | Quoted)? )? )? )?"`
}

type gTiers struct {
	Word  tok           `parser:"@'tiers'"`
	Name  *tok          `parser:"@(Word | Quoted)?"`
	Title *tok          `parser:"@String?"`
	Open  *tok          `parser:"( @'{'"`
	Items []*gTiersItem `parser:"  @@*"`
	Close *tok          `parser:"  @'}'? )?"`
}

type gTiersItem struct {
	By    *tok    `parser:"  ( @'by'"`
	ByX   *gExpr  `parser:"    @@? )"`
	Keep  *tok    `parser:"| ( @'keep'"`
	Limit *gLimit `parser:"    @@? )"`
	Drop  *tok    `parser:"| ( @'drop'"`
	One   *tok    `parser:"    @'one'? )"`
	Tier  *gTier  `parser:"| @@"`
}

type gTier struct {
	Word  tok      `parser:"@'tier'"`
	Title *tok     `parser:"@String?"`
	From  *tok     `parser:"( @'from'"`
	N     *gSimple `parser:"  @@? )?"`
	Open  *tok     `parser:"( @'{'"`
	Items []*gProp `parser:"  @@*"`
	Close *tok     `parser:"  @'}'? )?"`
}

type gProp struct {
	Name  tok      `parser:"@(Word | Quoted)"`
	Value *gSimple `parser:"@@?"`
}

type gCoupon struct {
	Word  tok            `parser:"@'coupon'"`
	Name  *tok           `parser:"@(Word | Quoted)?"`
	Title *tok           `parser:"@String?"`
	Open  *tok           `parser:"( @'{'"`
	Items []*gCouponItem `parser:"  @@*"`
	Close *tok           `parser:"  @'}'? )?"`
}

type gCouponItem struct {
	Off      *tok     `parser:"  ( @'off'"`
	OffN     *gSimple `parser:"    @@?"`
	Up       *tok     `parser:"    ( @'up'"`
	To       *tok     `parser:"      @'to'?"`
	UpN      *gSimple `parser:"      @@? )? )"`
	Gift     *tok     `parser:"| ( @'gift'"`
	What     *tok     `parser:"    @String? )"`
	MinSpend *tok     `parser:"| ( @'min_spend'"`
	MinN     *gSimple `parser:"    @@? )"`
	Valid    *tok     `parser:"| ( @'valid'"`
	Dates    *gDates  `parser:"    ( @@"`
	Span     *gSpan   `parser:"    | @@ )? )"`
	Stock    *tok     `parser:"| ( @'stock'"`
	StockN   *tok     `parser:"    @Int? )"`
	Cap      *gCap    `parser:"| @@"`
	Price    *tok     `parser:"| ( @'price'"`
	PriceN   *tok     `parser:"    @Int?"`
	Points   *tok     `parser:"    @(Word | Quoted)? )"`
	When     *tok     `parser:"| ( @'when'"`
	WhenX    *gExpr   `parser:"    @@? )"`
}

type gCase struct {
	Word  tok          `parser:"@'case'"`
	Name  *tok         `parser:"@(Word | Quoted)?"`
	Title *tok         `parser:"@String?"`
	Open  *tok         `parser:"( @'{'"`
	Items []*gCaseItem `parser:"  @@*"`
	Close *tok         `parser:"  @'}'? )?"`
}

type gCaseItem struct {
	Side     *tok       `parser:"  ( @('open' | 'close')"`
	On       *tok       `parser:"    @'on'?"`
	Event    *tok       `parser:"    @(Word | Quoted)? )"`
	Matching *tok       `parser:"| ( @'matching'"`
	Field    *tok       `parser:"    @(Word | Quoted)? )"`
	Due      *tok       `parser:"| ( @'due'"`
	N        *tok       `parser:"    @Int?"`
	Unit     *tok       `parser:"    ( (?= Word) @('workdays'|'workday'|'days'|'day'|'months'|'month'|'hours'|'hour'|'years'|'year'|'weeks'|'week'|'minutes'|'minute'|'quarters'|'quarter') )? )"`
	By       *tok       `parser:"| ( @'by'"`
	First    *tok       `parser:"    @(Word | Quoted)?"`
	Rest     []*gNameOp `parser:"    @@* )"`
	Overdue  *tok       `parser:"| ( @'overdue'"`
	Actions  *gActions  `parser:"    @@? )"`
}

type gNameOp struct {
	Comma tok  `parser:"@','"`
	Name  *tok `parser:"@(Word | Quoted)?"`
}
