package dsl

type gSink struct {
	Word  tok          `parser:"@'sink'"`
	Name  *tok         `parser:"@(Word | Quoted)?"`
	Title *tok         `parser:"@String?"`
	Open  *tok         `parser:"( @'{'"`
	Items []*gSinkItem `parser:"  @@*"`
	Close *tok         `parser:"  @'}'? )?"`
}

type gSinkItem struct {
	Env   *tok     `parser:"  ( @('webhook' | 'secret')"`
	Word  *tok     `parser:"    @'env'?"`
	Var   *tok     `parser:"    @String? )"`
	File  *tok     `parser:"| ( @'file'"`
	Path  *tok     `parser:"    @String? )"`
	Quiet *tok     `parser:"| ( @'quiet'"`
	Hours *gClocks `parser:"    @@? )"`
	Cap   *gCap    `parser:"| @@"`
}

type gSync struct {
	Word  tok          `parser:"@'sync'"`
	Name  *tok         `parser:"@(Word | Quoted)?"`
	Title *tok         `parser:"@String?"`
	To    *tok         `parser:"( @'to'"`
	Sink  *tok         `parser:"  @(Word | Quoted)?"`
	Daily *tok         `parser:"  ( @'daily'"`
	At    *tok         `parser:"    @'at'?"`
	Clock *tok         `parser:"    @Clock?"`
	Open  *tok         `parser:"    ( @'{'"`
	Items []*gSyncItem `parser:"      @@*"`
	Close *tok         `parser:"      @'}'? )? )? )?"`
}

type gSyncItem struct {
	Word  tok        `parser:"@('segments' | 'tags')"`
	First *tok       `parser:"@(Word | Quoted)?"`
	Rest  []*gNameOp `parser:"@@*"`
}

type gCampaign struct {
	Word  tok              `parser:"@'campaign'"`
	Name  *tok             `parser:"@(Word | Quoted)?"`
	Title *tok             `parser:"@String?"`
	Open  *tok             `parser:"( @'{'"`
	Items []*gCampaignItem `parser:"  @@*"`
	Close *tok             `parser:"  @'}'? )?"`
}

type gCampaignItem struct {
	On       *gOn      `parser:"  @@"`
	Daily    *gDaily   `parser:"| @@"`
	At       *gAt      `parser:"| @@"`
	When     *tok      `parser:"| ( @'when'"`
	WhenX    *gExpr    `parser:"    @@? )"`
	During   *tok      `parser:"| ( @'during'"`
	Dates    *gDates   `parser:"    @@? )"`
	Percent  *tok      `parser:"| ( @('holdout' | 'target')"`
	PercentN *gShare   `parser:"    @@? )"`
	Quiet    *tok      `parser:"| ( @'quiet'"`
	Hours    *gClocks  `parser:"    @@? )"`
	Include  *tok      `parser:"| ( @'include'"`
	Existing *tok      `parser:"    @'existing'? )"`
	Do       *tok      `parser:"| ( @'do'"`
	Actions  *gActions `parser:"    @@? )"`
	Goal     *gGoal    `parser:"| @@"`
}

// gShare is a percentage, or a number that should have been one.
type gShare struct {
	Token tok `parser:"@(Percent | Int | Decimal)"`
}

type gOn struct {
	Word   tok    `parser:"@'on'"`
	How    *tok   `parser:"( @('used' | 'enter' | 'leave')"`
	What   *tok   `parser:"  @(Word | Quoted)?"`
	Reach  *tok   `parser:"| @'reach'"`
	Tier   *tok   `parser:"  @String?"`
	Of     *tok   `parser:"  ( @'of'"`
	Tiers  *tok   `parser:"    @(Word | Quoted)? )?"`
	Event  *tok   `parser:"| @(Word | Quoted)"`
	Where  *tok   `parser:"  ( @'where'"`
	WhereX *gExpr `parser:"    @@? )? )?"`
}

type gDaily struct {
	Word    tok  `parser:"@'daily'"`
	At      *tok `parser:"@'at'?"`
	Clock   *tok `parser:"@Clock?"`
	For     *tok `parser:"( @'for'"`
	Segment *tok `parser:"  @(Word | Quoted)? )?"`
}

// gAt is at TIME for SEGMENT, or a cap.
type gAt struct {
	Word    tok      `parser:"@'at'"`
	Time    *tok     `parser:"( @(Time | Date)"`
	For     *tok     `parser:"  ( @'for'"`
	Segment *tok     `parser:"    @(Word | Quoted)? )?"`
	Most    *tok     `parser:"| @'most'"`
	N       *tok     `parser:"  @Int?"`
	What    *tok     `parser:"  @('points' | 'times')?"`
	Per     *tok     `parser:"  ( @'per'"`
	By      *gPeriod `parser:"    @@? )? )?"`
}

type gGoal struct {
	Word   tok    `parser:"@'goal'"`
	Used   *tok   `parser:"( @'used'"`
	Coupon *tok   `parser:"  @(Word | Quoted)?"`
	Event  *tok   `parser:"| @(Word | Quoted)"`
	Where  *tok   `parser:"  ( @'where'"`
	WhereX *gExpr `parser:"    @@? )? )?"`
	Within *tok   `parser:"( @'within'"`
	Span   *gSpan `parser:"  @@? )?"`
}

type gActions struct {
	Open  tok        `parser:"@'{'"`
	Items []*gAction `parser:"@@*"`
	Close *tok       `parser:"@'}'?"`
}

type gAction struct {
	Issue  *tok   `parser:"( ( @'issue'"`
	Coupon *tok   `parser:"    @(Word | Quoted)? )"`
	Give   *tok   `parser:"| ( @'give'"`
	GiveX  *gExpr `parser:"    @@?"`
	Points *tok   `parser:"    @(Word | Quoted)? )"`
	Send   *tok   `parser:"| ( @'send'"`
	Sink   *tok   `parser:"    @(Word | Quoted)?"`
	Text   *tok   `parser:"    @String?"`
	With   *gWith `parser:"    @@? )"`
	Change *tok   `parser:"| ( @('add' | 'remove')"`
	Way    *tok   `parser:"    @('to' | 'from')?"`
	List   *tok   `parser:"    @(Word | Quoted)? )"`
	Wait   *tok   `parser:"| ( @'wait'"`
	Span   *gSpan `parser:"    @@? )"`
	Stop   *tok   `parser:"| @'stop' )"`
	When   *tok   `parser:"( @'when'"`
	WhenX  *gExpr `parser:"  @@? )?"`
}

type gWith struct {
	With  tok        `parser:"@'with'"`
	Open  *tok       `parser:"( @'{'"`
	First *gEntry    `parser:"  @@?"`
	Rest  []*gEntryN `parser:"  @@*"`
	Close *tok       `parser:"  @'}'? )?"`
}

type gEntryN struct {
	Comma tok     `parser:"@','"`
	Entry *gEntry `parser:"@@?"`
}

type gEntry struct {
	Key   tok    `parser:"@(Word | Quoted)"`
	Colon *tok   `parser:"( @':'"`
	X     *gExpr `parser:"  @@? )?"`
}
