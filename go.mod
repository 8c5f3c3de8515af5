module github.com/pullmedic/pullmedic

go 1.26.0
