package dsl

import "github.com/alecthomas/participle/v2/lexer"

// The grammar in participle's notation. It is written so that it never fails once a declaration has begun: what must
// be there is optional here and asked for by the converter, which thus knows what was being read and which token stands
// where something else was expected. Every alternative is told by its first token, or its first two.
//
// A name is (Word | Quoted); every keyword but the reserved ones is a Word, too.

type tok = lexer.Token

type gDecl struct {
	Settings *gSettings `parser:"  @@"`
	Member   *gMember   `parser:"| @@"`
	Table    *gTable    `parser:"| @@"`
	List     *gTitled   `parser:"| @@"`
	Source   *gSource   `parser:"| @@"`
	Tag      *gTag      `parser:"| @@"`
	Segment  *gSegment  `parser:"| @@"`
	Test     *gTest     `parser:"| @@"`
	Points   *gPoints   `parser:"| @@"`
	Tiers    *gTiers    `parser:"| @@"`
	Coupon   *gCoupon   `parser:"| @@"`
	Case     *gCase     `parser:"| @@"`
	Sink     *gSink     `parser:"| @@"`
	Sync     *gSync     `parser:"| @@"`
	Campaign *gCampaign `parser:"| @@"`
}

// Expressions.

type gFull struct {
	When *gWhen `parser:"  @@"`
	X    *gExpr `parser:"| @@"`
}

type gWhen struct {
	Branches []*gBranch `parser:"@@+"`
	Else     *tok       `parser:"( @'else'"`
	ElseX    *gExpr     `parser:"  @@? )?"`
}

type gBranch struct {
	When  tok    `parser:"@'when'"`
	Cond  *gExpr `parser:"@@?"`
	Then  *tok   `parser:"( @'then'"`
	Value *gExpr `parser:"  @@? )?"`
}

// gExpr is a flat row of operands and operators: the converter knows what binds tighter. A level of the grammar for each
// strength of operators would read the same, several times slower.
type gExpr struct {
	First *gOperand `parser:"@@"`
	Rest  []*gTail  `parser:"@@*"`
}

type gOperand struct {
	Prefix []*gPrefix `parser:"  ( @@+"`
	After  *gPostfix  `parser:"    @@? )"`
	X      *gPostfix  `parser:"| @@"`
}

type gPrefix struct {
	Sign  *tok `parser:"  @('not' | '-')"`
	Unit  *tok `parser:"| ( @('days' | 'hours')"`
	Which *tok `parser:"    @('since' | 'until') )"`
}

type gTail struct {
	Op   *tok      `parser:"  ( @Infix"`
	X    *gOperand `parser:"    @@? )"`
	In   *gIn      `parser:"| @@"`
	Is   *gIs      `parser:"| @@"`
	Text *gText    `parser:"| @@"`
}

type gIn struct {
	Not   *tok   `parser:"( @'not'"`
	In    *tok   `parser:"  @'in'? | @'in' )"`
	Open  *tok   `parser:"( @'('"`
	Items *gList `parser:"  @@?"`
	Close *tok   `parser:"  @')'? )?"`
}

type gIs struct {
	Is   tok  `parser:"@'is'"`
	Not  *tok `parser:"@'not'?"`
	What *tok `parser:"@('known' | 'unknown')?"`
}

type gText struct {
	Word tok       `parser:"@('starts' | 'ends')"`
	With *tok      `parser:"@'with'?"`
	X    *gOperand `parser:"@@?"`
}

type gPostfix struct {
	X       *gPrimary  `parser:"@@"`
	Selects []*gSelect `parser:"@@*"`
}

type gSelect struct {
	Dot  tok  `parser:"@'.'"`
	Name *tok `parser:"@(Word | Quoted)?"`
}

type gPrimary struct {
	Paren *gParen   `parser:"  @@"`
	Ref   *gRef     `parser:"| @@"`
	Lit   *gLiteral `parser:"| @@"`
}

type gParen struct {
	Open  tok    `parser:"@'('"`
	X     *gFull `parser:"@@?"`
	Close *tok   `parser:"@')'?"`
}

type gRef struct {
	Name tok    `parser:"@(Word | Quoted)"`
	Call *gCall `parser:"@@?"`
}

type gCall struct {
	Open   tok      `parser:"@'('"`
	Args   *gList   `parser:"@@?"`
	By     *tok     `parser:"( @'by'"`
	ByX    *gExpr   `parser:"  @@? )?"`
	Where  *tok     `parser:"( @'where'"`
	WhereX *gExpr   `parser:"  @@? )?"`
	Close  *tok     `parser:"@')'?"`
	Window *gWindow `parser:"@@?"`
}

type gList struct {
	First *gExpr     `parser:"@@"`
	Rest  []*gListOp `parser:"@@*"`
}

type gListOp struct {
	Comma tok    `parser:"@','"`
	X     *gExpr `parser:"@@?"`
}

type gWindow struct {
	In   *tok `parser:"  ( @'in'"`
	Kind *tok `parser:"    @('last' | 'this' | 'previous' | 'next')"`
	N    *tok `parser:"    @Int?"`
	Unit *tok `parser:"    ( (?= Word) @('days'|'day'|'months'|'month'|'hours'|'hour'|'years'|'year'|'weeks'|'week'|'minutes'|'minute'|'quarters'|'quarter') )? )"`
	Word *tok `parser:"| ( @('since' | 'before')"`
	D    *tok `parser:"    @(Time | Date | 'today' | 'start')? )"`
	From *tok `parser:"| ( @'from'"`
	Lo   *tok `parser:"    @(Time | Date | 'today' | 'start')?"`
	To   *tok `parser:"    ( @'to'"`
	Hi   *tok `parser:"      @(Time | Date | 'today' | 'start')? )? )"`
}

type gLiteral struct {
	Span  *gSpan `parser:"  @@"`
	Other *tok   `parser:"| @(Decimal | Percent | String | Date | Time | Clock | 'true' | 'false')"`
}

type gSpan struct {
	N    tok  `parser:"@Int"`
	Unit *tok `parser:"( (?= Word) @('days'|'day'|'months'|'month'|'hours'|'hour'|'years'|'year'|'weeks'|'week'|'minutes'|'minute'|'quarters'|'quarter') )?"`
}

// Declarations.

type gSettings struct {
	Word  tok         `parser:"@'settings'"`
	Open  *tok        `parser:"( @'{'"`
	Items []*gSetting `parser:"  @@*"`
	Close *tok        `parser:"  @'}'? )?"`
}

type gSetting struct {
	Word  tok      `parser:"( @('language' | 'timezone' | 'currency' | 'week')"`
	Value *gValue  `parser:"    @@?"`
	Late  *tok     `parser:"| @'late'"`
	Span  *gSpan   `parser:"    @@?"`
	Days  *tok     `parser:"| @('holidays' | 'workdays')"`
	Dates []*gDate `parser:"    @@* )"`
}

// gValue is what may follow a setting: the converter asks for the right kind.
type gValue struct {
	Token tok `parser:"@(Int | String | Word | Quoted)"`
}

type gDate struct {
	Date tok `parser:"@Date"`
}

type gType struct {
	Enum   *tok       `parser:"  ( @'enum'"`
	Values []*gString `parser:"    @@* )"`
	Set    *tok       `parser:"| ( @'set'"`
	Of     *tok       `parser:"    ( @'of'"`
	Elem   *gElem     `parser:"      @@? )? )"`
	Name   *tok       `parser:"| @(Word | Quoted)"`
}

type gElem struct {
	Enum   *tok       `parser:"  ( @'enum'"`
	Values []*gString `parser:"    @@* )"`
	Name   *tok       `parser:"| @(Word | Quoted)"`
}

type gString struct {
	Token tok `parser:"@String"`
}

type gMember struct {
	Word  tok           `parser:"@'member'"`
	Open  *tok          `parser:"( @'{'"`
	Items []*gAttribute `parser:"  @@*"`
	Close *tok          `parser:"  @'}'? )?"`
}

type gAttribute struct {
	Name    tok          `parser:"@(Word | Quoted)"`
	ID      *tok         `parser:"( @'id'"`
	Options []*gIDOption `parser:"  @@*"`
	Type    *gType       `parser:"| @@ )?"`
}

type gIDOption struct {
	Many   *tok       `parser:"  @'many'"`
	Lower  *tok       `parser:"| @'lower'"`
	Phone  *tok       `parser:"| ( @'phone'"`
	Region *tok       `parser:"    @String )"`
	Block  *tok       `parser:"| ( @'block'"`
	Values []*gString `parser:"    @@+ )"`
	Hashed *tok       `parser:"| ( @'hashed'"`
	Hash   *tok       `parser:"    @('sha256' | 'md5')"`
	Salt   *tok       `parser:"    ( @'salt'"`
	Env    *tok       `parser:"      @'env'"`
	Var    *tok       `parser:"      @String? )? )"`
}

type gTable struct {
	Word  tok       `parser:"@('table' | 'event')"`
	Name  *tok      `parser:"@(Word | Quoted)?"`
	Open  *tok      `parser:"( @'{'"`
	Items []*gField `parser:"  @@*"`
	Close *tok      `parser:"  @'}'? )?"`
}

type gField struct {
	Name tok    `parser:"@(Word | Quoted)"`
	Key  *tok   `parser:"( @'key'"`
	Type *gType `parser:"| @@"`
	Eq   *tok   `parser:"  ( @'='"`
	X    *gFull `parser:"    @@? )? )?"`
}

type gTitled struct {
	Word  tok  `parser:"@('list' | 'group')"`
	Name  *tok `parser:"@(Word | Quoted)?"`
	Title *tok `parser:"@String?"`
}

type gSource struct {
	Word   tok         `parser:"@'source'"`
	Name   *tok        `parser:"@(Word | Quoted)?"`
	Title  *tok        `parser:"@String?"`
	Gives  *tok        `parser:"( @'gives'"`
	Target *tok        `parser:"  @(Word | Quoted)?"`
	Open   *tok        `parser:"  ( @'{'"`
	Items  []*gMapping `parser:"    @@*"`
	Close  *tok        `parser:"    @'}'? )? )?"`
}

type gMapping struct {
	Field   tok            `parser:"@(Word | Quoted)"`
	From    *tok           `parser:"( @'from'"`
	Column  *tok           `parser:"  @String?"`
	Options []*gMappingOpt `parser:"  @@*"`
	Eq      *tok           `parser:"| @'='"`
	Value   *gSimple       `parser:"  @@? )?"`
}

type gMappingOpt struct {
	Word  *tok       `parser:"  ( @('format' | 'split')"`
	Text  *tok       `parser:"    @String )"`
	Map   *tok       `parser:"| ( @'map'"`
	Open  *tok       `parser:"    @'{'"`
	First *gMapEntry `parser:"    @@?"`
	Rest  []*gMapArm `parser:"    @@*"`
	Close *tok       `parser:"    @'}'? )"`
}

type gMapArm struct {
	Comma tok        `parser:"@','"`
	Entry *gMapEntry `parser:"@@?"`
}

type gMapEntry struct {
	From  tok  `parser:"@String"`
	Colon *tok `parser:"( @':'"`
	To    *tok `parser:"  @String? )?"`
}

// gSimple is a literal with its sign.
type gSimple struct {
	Minus *tok `parser:"@'-'?"`
	Token *tok `parser:"@(Int | Decimal | Percent | String | Date | Time | Clock | 'true' | 'false')"`
}

type gTag struct {
	Word   tok    `parser:"@'tag'"`
	Name   *tok   `parser:"@(Word | Quoted)?"`
	Title  *tok   `parser:"@String?"`
	In     *tok   `parser:"( @'in'"`
	Group  *tok   `parser:"  @(Word | Quoted)? )?"`
	Eq     *tok   `parser:"( @'='"`
	X      *gFull `parser:"  @@?"`
	Manual *tok   `parser:"| @'manual'"`
	Type   *gType `parser:"  @@?"`
	For    *tok   `parser:"  ( @'for'"`
	Span   *gSpan `parser:"    @@? )? )?"`
}

type gSegment struct {
	Word  tok    `parser:"@'segment'"`
	Name  *tok   `parser:"@(Word | Quoted)?"`
	Title *tok   `parser:"@String?"`
	Eq    *tok   `parser:"( @'='"`
	X     *gExpr `parser:"  @@? )?"`
}

type gTest struct {
	Word  tok          `parser:"@'test'"`
	Title *tok         `parser:"@String?"`
	Open  *tok         `parser:"( @'{'"`
	Items []*gTestItem `parser:"  @@*"`
	Close *tok         `parser:"  @'}'? )?"`
}

type gTestItem struct {
	Today   *gToday   `parser:"  @@"`
	Member  *gPerson  `parser:"| @@"`
	Advance *gAdvance `parser:"| @@"`
	Send    *gSend    `parser:"| @@"`
	Expect  *gExpect  `parser:"| @@"`
}

type gToday struct {
	Word tok  `parser:"@'today'"`
	Date *tok `parser:"@Date?"`
}

type gPerson struct {
	Word  tok          `parser:"@'member'"`
	Name  *tok         `parser:"@(Word | Quoted)?"`
	Open  *tok         `parser:"( @'{'"`
	Items []*gPersonal `parser:"  @@*"`
	Close *tok         `parser:"  @'}'? )?"`
}

// gPersonal is ATTRIBUTE value, EVENT { … } or LIST: told by what follows the name.
type gPersonal struct {
	Name  tok       `parser:"@(Word | Quoted)"`
	Event *gFacts   `parser:"( @@"`
	Set   *gSetList `parser:"| @@"`
	Value *gSimple  `parser:"| @@ )?"`
}

type gFacts struct {
	Open  tok      `parser:"@'{'"`
	Items []*gFact `parser:"@@*"`
	Close *tok     `parser:"@'}'?"`
}

type gFact struct {
	Name  tok       `parser:"@(Word | Quoted)"`
	Set   *gSetList `parser:"( @@"`
	Value *gSimple  `parser:"| @@ )?"`
}

type gSetList struct {
	Open  tok         `parser:"@'('"`
	First *gSimple    `parser:"@@?"`
	Rest  []*gSetItem `parser:"@@*"`
	Close *tok        `parser:"@')'?"`
}

type gSetItem struct {
	Comma tok      `parser:"@','"`
	Value *gSimple `parser:"@@?"`
}

type gAdvance struct {
	Word tok    `parser:"@'advance'"`
	To   *tok   `parser:"( @'to'"`
	D    *tok   `parser:"  @(Date | Time)?"`
	By   *tok   `parser:"| @'by'"`
	Span *gSpan `parser:"  @@? )?"`
}

type gSend struct {
	Word  tok     `parser:"@'send'"`
	Event *tok    `parser:"@(Word | Quoted)?"`
	Facts *gFacts `parser:"@@?"`
	To    *tok    `parser:"( @'to'"`
	Who   *tok    `parser:"  @(Word | Quoted)? )?"`
}

type gExpect struct {
	Word  tok    `parser:"@'expect'"`
	Who   *tok   `parser:"@(Word | Quoted)?"`
	Colon *tok   `parser:"( @':'"`
	X     *gExpr `parser:"  @@? )?"`
}
