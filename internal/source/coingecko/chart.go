package coingecko

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kasparro/kasparro/internal/source"
)

// series are the names of a chart's three lists, as the payload of a point calls their elements.
var series = [3]string{"price", "market_cap", "total_volume"}

// moment is what the lists of a chart say of one instant, each as it came; nil where one says nothing.
type moment [len(series)]json.RawMessage

// points makes an item of every instant in a chart. No element of any list is left out.
func points(id string, chart []byte) ([]source.Item, error) {
	var lists struct {
		Prices  []json.RawMessage `json:"prices"`
		Caps    []json.RawMessage `json:"market_caps"`
		Volumes []json.RawMessage `json:"total_volumes"`
	}
	if json.Unmarshal(chart, &lists) != nil || lists.Prices == nil {
		return nil, errors.New("the answer is no chart: it has no list of prices")
	}
	moments := zip(lists.Prices, lists.Caps, lists.Volumes)
	items := make([]source.Item, 0, len(moments))
	for _, m := range moments {
		items = append(items, item(m.payload(id)))
	}
	return items, nil
}

// zip puts the elements together that are of one instant, in the order in which the instants come.
// Where a list has an instant twice, the second goes with the second of the other lists.
func zip(lists ...[]json.RawMessage) (moments []moment) {
	type nth struct {
		at string
		n  int
	}
	found := map[nth]int{}
	for k, list := range lists {
		times := map[string]int{}
		for _, element := range list {
			at := instant(element)
			times[at]++
			key := nth{at, times[at]}
			i, known := found[key]
			if !known {
				i, moments = len(moments), append(moments, moment{})
				found[key] = i
			}
			moments[i][k] = element
		}
	}
	return moments
}

// instant is the time of an element as it is written there, empty where it has none.
func instant(element json.RawMessage) string {
	var pair []json.RawMessage
	if json.Unmarshal(element, &pair) != nil || len(pair) == 0 {
		return ""
	}
	return string(pair[0])
}

func (m moment) payload(id string) []byte {
	name, err := json.Marshal(id)
	if err != nil {
		panic(fmt.Sprintf("coingecko: a text cannot be written as JSON: %v", err))
	}
	var parts [][]byte
	for k, element := range m {
		if element != nil {
			parts = append(parts, fmt.Appendf(nil, `%q:%s`, series[k], element))
		}
	}
	return fmt.Appendf(nil, `{"id":%s,"chart":{%s}}`, name, bytes.Join(parts, []byte{','}))
}

// point reads one instant of a chart. Where the market cap is not known CoinGecko says null or 0.
func point(coin source.Object, payload []byte) source.Item {
	chart := coin.Object("chart")
	price, marketCap, volume := chart.List(series[0]), chart.List(series[1]), chart.List(series[2])
	at := price
	for _, list := range []source.Object{volume, marketCap, price} {
		if list.Has("0") {
			at = list
		}
	}
	return source.Item{
		ExternalID: coin.ID("id"),
		ObservedAt: at.Millis("0"),
		Amounts: source.Amounts{
			Price: price.Number("1"), MarketCap: marketCap.Known("1"), Volume24h: volume.Number("1"),
		},
		Payload: payload,
		Problem: coin.Problem(),
	}
}
