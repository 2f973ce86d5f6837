#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

/* The shared example of keys, scope and tokens: iss "AS", aud "broker1", exp 1900000000, scope of RFC 9431 Figure 9. */

/* PoP keys: octets 00..1f, which are an Ed25519 seed too. */
#define POP_K        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define POP_X        "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
#define POP_SEED_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define POP_X_HEX    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"

/* AS: public signing key (Ed25519), and the key it shares with the broker. */
#define AS_X_HEX   "2152f8d19b791d24453242e15f2eab6cb7cffa7b6a5ed30097960e069881db12"
#define SHARED_HEX "a1a2a30405060708090a0b0c0d0e0f10"

#define EXPORTER_HEX       "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
#define NONCES_HEX         "01020304050607081112131415161718"
#define HS256_EXPORTER_HEX "e58fa4984070adbcbdb7a5d943a2a978500cfcdfba90baee87e1d98262c293fe"
#define HS256_NONCES_HEX   "07215b998b9a990c5cc6a160e9180b487dc80d13a7e464ed0d1298cfbf652467"
#define ED25519_EXPORTER_HEX                                           \
    "8e227b39aa61b810187b20cd96842aa8ede266f251a5d91c91928cad4d260530" \
    "1f2728e6228e92d976682610c73523f6a7a8560ace7797a8a3656075c30cd403"
#define ED25519_NONCES_HEX                                             \
    "9394315bb7cc09ebdd822d58fef76a917453265028d4a1ce48d0dd87df352afc" \
    "fe30126bb1808f9cfbbc59bb2b1b0a660eb0fc0830e9136c158ab6751093df0e"

/* Scope of RFC 9431 Figure 9. */
#define SCOPE_TEXT \
    "W1sidG9waWMxIixbInB1YiIsInN1YiJdXSxbInRvcGljMi8jIixbInB1YiJdXSxbIisvdG9waWMzIixbInN1YiJdXV0"
#define SCOPE_WORDS "pubsub:topic1 pub:topic2/# sub:+/topic3"

/* Signed, bound to the Ed25519 key; and encrypted (dir, A128GCM), bound to the octets. */
#define JWS_TOKEN                                                                                      \
    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBUyIsImF1ZCI6ImJyb2tlcjEiLCJleHAiOjE5MDAwMDAwMDA" \
    "sInNjb3BlIjoiVzFzaWRHOXdhV014SWl4YkluQjFZaUlzSW5OMVlpSmRYU3hiSW5SdmNHbGpNaThqSWl4YkluQjFZaUpkWFN" \
    "4Yklpc3ZkRzl3YVdNeklpeGJJbk4xWWlKZFhWMCIsImNuZiI6eyJqd2siOnsia3R5IjoiT0tQIiwiY3J2IjoiRWQyNTUxOSI" \
    "sIngiOiJBNkVIdl9QT0VMNGRjTjBZNTB2QW1XZmsxakNicFExZkhkeUdaQkpWTWJnIn19fQ.O-Dl8hweS4iHy5uCRs3FSwSV" \
    "gGHdnzLZ1-vTLtyYf6R5lbwpf1h71KYukeSVsfEA2bnadBSTiG0OkeyTCT1LBg"
#define JWE_TOKEN                                                                                      \
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIiwia2lkIjoiUlMxIn0..AAECAwQFBgcICQoL.uryJo_ZC6lTEUhisWwjOOQ" \
    "RX-nEl4yurFrYYHZUq0Cxg1Lsram1h_tERpst9GEHGEdtdYATvdlZt3Ylx6TW0obH9mOaliDe21dY1cN45tD45X4ESjomLo4" \
    "bB9PnI3NTyLFRVDe1Uk0xGC_Di_3YxOfjJcXqx_VG8pDbwPjTv2kJpRgi-GOyck6GzwI7UV5AnWNX2uveEtTUAhokTIvLLkw" \
    "IlIaayp2gjdG_Qi_3K1dbvo2m7SPA7pL2Jei8ABgfZ6_EwTejzuEB3aNryKGNPW-vNjeDKsJSA4pOhXXLdzQ8BKy862vk7lx" \
    "l03Sv3lcNxrw3DRJASRoSsISMCML2ku0Cd5KKXzgIkq1IlTFDoRYBxnhou.M1h9eBQCMCNkltIczqXJgg"

/* The claims of the encrypted one as CBOR. */
#define CWT_CLAIMS_HEX                                                                                 \
    "a601624153036762726f6b657231041a713fb300061a6b49d20008a101a3010402483d027833fc6267ce205820000102" \
    "030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f095830838266746f7069633182637075626373" \
    "75628268746f706963322f23816370756282682b2f746f706963338163737562"

#endif
