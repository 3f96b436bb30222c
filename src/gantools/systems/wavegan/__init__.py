"""WaveGAN (Donahue, McAuley and Puckette 2019) and three variants of it for electronic music."""
