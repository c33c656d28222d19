package csvfile

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAmount(t *testing.T) {
	for cell, want := range map[string]string{
		"8,746.6": "8746.6", "189,536,000,000": "189536000000", "1,234": "1234", "12,345.678901": "12345.678901",
		"610.66K": "610660", "1.5M": "1500000", "2B": "2000000000", "1.23456T": "1234560000000",
		"0.000123456K": "0.123456", "1.2345678k": "1234.5678", "0.5K": "500", "1,234.5K": "1234500", "0K": "0",
		"$8,746.60": "8746.60", "-$5": "-5", "$-5": "-5", "2.35%": "2.35", "-2.35%": "-2.35", "+1.0": "1.0", "−3": "-3",
		"1.47E+11": "1.47E+11", "4.37e-06": "4.37e-06", "2e5": "2e5",
		"0.0": "0.0", "000": "000", ".5": "0.5", "5.": "5", " 7 ": "7",
		"123456789012345678901234567890.123456789012345678": "123456789012345678901234567890.123456789012345678",
		"": "", "-": "", "--": "", "—": "", "null": "", "NULL": "", "N/A": "", "#N/A": "", "NaN": "", " None ": "", "?": "",
	} {
		got, ok := amount(cell, false)
		require.True(t, ok, cell)
		require.Equal(t, want, got, cell)
	}
}

func TestNoAmount(t *testing.T) {
	for _, cell := range []string{"abc", "1.2.3", "8746,6", "1,23,456", ",123", "1,2345", "1,234,56", "8.746,6", "12 345",
		"1e", "e5", "1e+-5", "1e9999", "1.5EK", "0x1F", "inf", "$", "%", "K", ".", "--5", "1_000", "١", "$$5", "1.5KK"} {
		got, ok := amount(cell, false)
		require.False(t, ok, "%q gave %q", cell, got)
	}
}

func TestCommaThatMayBeDecimal(t *testing.T) {
	for cell, fine := range map[string]bool{"1,234": false, "8,746.6": true, "1,234,567": true, "5.5": true} {
		_, ok := amount(cell, true)
		require.Equal(t, fine, ok, cell)
	}
	item := only(t, "btc.csv", "date;close\n2020-01-01;1,234\n")
	require.Equal(t, "bad_number", item.Problem.Code)
	require.Equal(t, "close", item.Problem.Field)
	require.Empty(t, item.Price)
}
