#!/bin/sh
# Draws card.ivf: two travelling waves and their sum, with three particles that
# only go up and down. All periods divide ten seconds, so that it loops.
# Needs ffmpeg with libvpx and a font; takes some minutes.
set -e
cd "$(dirname "$0")"
font=$(fc-match -f '%{file}' 'DejaVu Sans')
blue='(34*sin(2*PI*(X/213.3333-0.4*T)))'
green='(20*sin(2*PI*(X/106.6667-0.3*T)))'
dots=0
for x in 107 320 533; do
	y="(258+34*sin(2*PI*($x/213.3333-0.4*T))+20*sin(2*PI*($x/106.6667-0.3*T)))"
	dots="$dots+lt(hypot(X-$x,Y-$y),8)"
done
dots="min(1,$dots)"
l1="exp(-pow((Y-118-$blue)/2.2,2))"
l2="exp(-pow((Y-118-$green)/2.2,2))"
l3="exp(-pow((Y-258-$blue-$green)/2.8,2))"
axes="0.35*(eq(Y,118)+eq(Y,258))*lt(mod(X,16),8)"
bar="gt(Y,355)*lt(X,64*T)"
r="clip(18+10*Y/360+90*$axes+84*$l1+60*$l2+250*$l3+255*$dots+90*$bar,0,255)"
g="clip(24+14*Y/360+100*$axes+180*$l1+190*$l2+171*$l3+255*$dots+160*$bar,0,255)"
b="clip(48+30*Y/360+130*$axes+250*$l1+150*$l2+70*$l3+255*$dots+255*$bar,0,255)"
label() { printf "drawtext=fontfile=%s:text='%s':fontcolor=%s:fontsize=%s:x=%s:y=%s" "$font" "$@"; }
ffmpeg -y -loglevel error -f lavfi \
	-i "color=black:s=640x360:r=12:d=10,format=gbrp,geq=r='$r':g='$g':b='$b',$(label 'v = f λ' 0xE8ECFF 30 28 22),$(label 'y₁   y₂' 0x9fb4e8 20 572 40),$(label 'y₁ + y₂' 0xffd27a 20 546 182),format=yuv420p" \
	-c:v libvpx -b:v 130k -maxrate 200k -bufsize 800k -g 24 -keyint_min 24 -quality best -cpu-used 0 \
	-auto-alt-ref 0 -lag-in-frames 0 -qmin 4 -qmax 46 card.ivf
