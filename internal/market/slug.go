package market

import (
	"strconv"
	"strings"
	"unicode"
)

// Slug makes the slug of an asset: its name in kebab case; where taken says that is in use, with
// its symbol, then with a number. Letters of every script stay, accents and all.
func Slug(name, symbol string, taken func(string) bool) string {
	base := kebab(name)
	if base == "" {
		base = kebab(symbol)
	}
	if base == "" {
		base = "asset"
	}
	if !taken(base) {
		return base
	}
	if s := kebab(symbol); s != "" {
		base += "-" + s
	}
	slug := base
	for n := 2; taken(slug); n++ {
		slug = base + "-" + strconv.Itoa(n)
	}
	return slug
}

// kebab joins the words of a text, which are its runs of letters, marks and digits.
func kebab(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit)
	})
	return strings.Join(words, "-")
}
