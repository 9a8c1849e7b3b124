package compiler

import (
	"slices"
	"strings"
)

// The active currencies of ISO 4217 by the digits of their minor unit. Codes without one (gold, testing, none) are no
// money.
var currencies = map[int]string{
	0: `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
	2: `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
		CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG
		HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
		MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD
		SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG
		YER ZAR ZMW ZWG`,
	3: `BHD IQD JOD KWD LYD OMR TND`,
	4: `CLF UYW`,
}

// minorDigits is how many decimals a currency has.
func minorDigits(code string) (int, bool) {
	for digits, codes := range currencies {
		if slices.Contains(strings.Fields(codes), code) {
			return digits, true
		}
	}
	return 0, false
}

// currencyNicknames are what people write for a code.
var currencyNicknames = map[string]string{
	"RMB": "CNY", "CNH": "CNY", "YUAN": "CNY", "NTD": "TWD", "EURO": "EUR", "UKP": "GBP", "STG": "GBP", "YEN": "JPY", "WON": "KRW",
	"DOLLAR": "USD", "POUND": "GBP",
}
