/**
 * A self-signed certificate for `mesh.test`, `localhost` and 127.0.0.1, valid for a hundred years.
 * Its key is public, so use it only in tests of `wss`.
 */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBZjCCARigAwIBAgIUVIfrm5i4i8tg8K+2tlPqtiFtT4YwBQYDK2VwMBQxEjAQ
BgNVBAMMCW1lc2gudGVzdDAgFw0yNjExMjIxNjI2NDNaGA8yMTI2MTAyOTE2MjY0
M1owFDESMBAGA1UEAwwJbWVzaC50ZXN0MCowBQYDK2VwAyEAUOYiYGC97AgTy3QG
6ndtn6pFTR/XzS7SZQqLsp/dIB6jejB4MB0GA1UdDgQWBBTkCr8cVQeoybnwf/2v
WKjBnLNyfTAfBgNVHSMEGDAWgBTkCr8cVQeoybnwf/2vWKjBnLNyfTAPBgNVHRMB
Af8EBTADAQH/MCUGA1UdEQQeMByCCW1lc2gudGVzdIIJbG9jYWxob3N0hwR/AAAB
MAUGAytlcANBAMyx15jTb/5+g5AXpsMDZ9PXnXSlkBSuj/xaGC75P6ZTI0ueTUO1
7MfIzbdrOBsveifI2MDmYUK2T8PAge92dwk=
-----END CERTIFICATE-----
`;

export const certificateKey = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIA+wwZlWp/4mYzduv/U9Eh7OGfETqdHFV/FZ4oKMbQ0K
-----END PRIVATE KEY-----
`;
