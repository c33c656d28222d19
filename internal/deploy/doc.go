// Package deploy holds nothing but tests: that `make up`, the image and docker-compose.yml keep what they promise. Those
// with the build tag "engine" need one, and are run by `make image-test`.
package deploy
