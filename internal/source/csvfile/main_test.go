package csvfile

import (
	"testing"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }
