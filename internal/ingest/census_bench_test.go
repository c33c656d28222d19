package ingest_test

import (
	"encoding/json"
	"testing"

	"github.com/kasparro/kasparro/internal/ingest"
)

// coin has the fields of a coin in CoinGecko's list.
var coin = []byte(`{"id":"bitcoin","symbol":"btc","name":"Bitcoin","image":"https://img.test/coins/1/large/bitcoin.png?1696501400",` +
	`"current_price":64250.12,"market_cap":1265000000000,"market_cap_rank":1,"fully_diluted_valuation":1349000000000,"total_volume":21345678901,` +
	`"high_24h":64990.5,"low_24h":63001.25,"price_change_24h":-120.553,"price_change_percentage_24h":-0.18728,"market_cap_change_24h":-2345678901.5,` +
	`"market_cap_change_percentage_24h":-0.18511,"circulating_supply":19690000.0,"total_supply":21000000.0,"max_supply":21000000.0,"ath":73738,` +
	`"ath_change_percentage":-12.86,"ath_date":"2024-03-14T07:10:36.635Z","atl":67.81,"atl_change_percentage":94651.3,"atl_date":"2013-07-06T00:00:00.000Z",` +
	`"roi":null,"last_updated":"2024-05-01T12:00:00.000Z","price_change_percentage_1h_in_currency":0.051,` +
	`"price_change_percentage_24h_in_currency":-0.187,"price_change_percentage_7d_in_currency":2.13}`)

func BenchmarkCensus(b *testing.B) {
	b.Run("census", func(b *testing.B) {
		var c ingest.Census
		b.SetBytes(int64(len(coin)))
		b.ReportAllocs()
		for b.Loop() {
			c.Add("", coin)
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(coin)))
		for b.Loop() {
			if !json.Valid(coin) {
				b.Fatal("it is not valid")
			}
		}
	})
}
