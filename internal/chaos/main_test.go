package chaos_test

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

var (
	seed   = flag.Uint64("chaos.seed", 0, "decides where to break; 0 draws one")
	rounds = flag.Int("chaos.rounds", 5, "how often the faults that are repeated are tried; from 50 on those that take minutes are tried as well")
)

// long says that there is time for what takes minutes.
func long() bool { return *rounds >= 50 }

// binaryDir holds the programs that the tests start.
var binaryDir string

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	fmt.Printf("chaos: -chaos.seed=%d -chaos.rounds=%d\n", *seed, *rounds)
	// Most of these tests wait for somebody: more of them than there are processors can do so at once.
	if err := flag.Set("test.parallel", "10"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var err error
	if binaryDir, err = os.MkdirTemp("", "kasparro-chaos-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := postgrestest.Run(m)
	if err := os.RemoveAll(binaryDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	faults.print(os.Stdout)
	os.Exit(code)
}

// dice are of the seed and the test, so that the order of the tests does not matter.
func dice(t *testing.T) *rand.Rand {
	name := fnv.New64a()
	_, _ = name.Write([]byte(t.Name()))
	return rand.New(rand.NewPCG(*seed, name.Sum64()))
}
