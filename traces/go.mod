module overstay.example/traces

go 1.21
