/** The style of the page. Fixed text: its SHA-256 is in the content security policy. */
export const STYLE = `
:root{--paper:#faf8f3;--card:#fffefb;--ink:#23211c;--soft:#625d52;--line:#e3ddd0;--line-strong:#cbc3b1;--gold:#86641a;--gold-tint:#f6eed8;
--bad:#a32218;--bad-tint:#fbeae6;--warn:#8a5300;--warn-tint:#fcf0d9;--good:#26683a;--good-tint:#e7f3e8;--cool:#3f5a7d;--cool-tint:#e9eff6;--grey-tint:#f0ede5;--bar:#a5b3c6;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--paper:#16171a;--card:#1d1f23;--ink:#e9e6de;--soft:#a8a397;--line:#303238;--line-strong:#474a52;--gold:#dcb75d;--gold-tint:#322b18;
--bad:#ff9a8d;--bad-tint:#3c1f1c;--warn:#f2bd62;--warn-tint:#372a14;--good:#8fd19e;--good-tint:#1b3022;--cool:#a3c0e6;--cool-tint:#1e2a3a;--grey-tint:#282a2f;--bar:#56677f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth;scroll-padding-top:1rem}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
a{color:var(--gold);text-underline-offset:2px}
:focus-visible{outline:2px solid var(--gold);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:2}
.page{max-width:84rem;margin:0 auto;padding:0 1.5rem 4rem;display:grid;grid-template-columns:12.5rem minmax(0,1fr);column-gap:3rem}
nav{grid-row:1/3;padding-top:2.6rem}
nav>div{position:sticky;top:1.6rem}
nav ol{list-style:none;margin:1.2rem 0 0;padding:0;font-size:.9rem}
nav li a{display:flex;justify-content:space-between;gap:.5rem;padding:.24rem .7rem;color:var(--soft);text-decoration:none;border-left:2px solid var(--line)}
nav li a:hover{color:var(--ink);border-left-color:var(--gold)}
nav .n{font-variant-numeric:tabular-nums;color:var(--soft)}
.brand{display:flex;align-items:center;gap:.6rem;font-weight:650;letter-spacing:.01em;color:var(--gold)}
.brand svg{width:1.7rem;height:1.7rem}
header{padding-top:2.4rem}
h1{font:600 2.15rem/1.15 Georgia,"Iowan Old Style","Times New Roman",serif;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font:600 1.42rem/1.25 Georgia,"Iowan Old Style","Times New Roman",serif;margin:0 0 .35rem}
h3{font-size:1rem;margin:1.7rem 0 .5rem}
section{padding-top:2.9rem}
section>h2+.scroll,section>h2+.plots,section>h2+.note{margin-top:.9rem}
section>p{max-width:48rem;margin:.2rem 0 1.1rem}
.soft{color:var(--soft)}
.small{font-size:.875rem;font-weight:400}
.kicker{margin:0 0 .3rem;font-size:.82rem;color:var(--soft);letter-spacing:.02em}
.banner{display:flex;gap:1.1rem;align-items:flex-start;margin:1.5rem 0 .9rem;padding:1.15rem 1.35rem;border:1px solid var(--line);border-left-width:6px;border-radius:10px;background:var(--card)}
.banner svg{flex:none;width:2.2rem;height:2.2rem;margin-top:.1rem}
.banner p{margin:0}
.banner .title{font:600 1.32rem/1.3 Georgia,"Iowan Old Style","Times New Roman",serif}
.banner.bad{border-color:var(--bad);background:var(--bad-tint)}.banner.bad svg,.banner.bad .title{color:var(--bad)}
.banner.attention{border-color:var(--warn);background:var(--warn-tint)}.banner.attention svg,.banner.attention .title{color:var(--warn)}
.banner.calm{border-color:var(--cool);background:var(--cool-tint)}.banner.calm svg,.banner.calm .title{color:var(--cool)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:.9rem;margin:0;padding:0}
.facts>div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.85rem 1.05rem}
.facts dt{font-size:.82rem;color:var(--soft)}
.facts dd{margin:0;font-size:1.5rem;font-weight:620;font-variant-numeric:tabular-nums;line-height:1.3}
.facts dd.small{font-size:.85rem;font-weight:400;color:var(--soft)}
.note{border:1px solid var(--line);border-left:4px solid var(--gold);background:var(--gold-tint);border-radius:8px;padding:.75rem 1.05rem;margin:.9rem 0;font-size:.93rem}
.note p{margin:0}
.digests{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));gap:.9rem}
.digests article{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.15rem}
.digests h3{margin:0;display:flex;align-items:baseline;gap:.6rem;flex-wrap:wrap}
.digests h3 em{font-style:normal;font-weight:400;color:var(--soft);font-size:.9rem}
.digests p{margin:.5rem 0 0;font-size:.87rem;color:var(--soft)}
.digest{display:inline-flex;flex-wrap:wrap;column-gap:.55em;font:.85rem/1.5 var(--mono);color:var(--ink);user-select:all}
.digests .digest{margin-top:.45rem}
code,kbd,pre{font-family:var(--mono);font-size:.86em}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
.cmd{display:block;background:var(--grey-tint);border:1px solid var(--line);border-radius:6px;padding:.5rem .75rem;overflow-wrap:anywhere;user-select:all;white-space:pre-wrap}
.unseen{font:.78em var(--mono);color:var(--bad);border:1px dashed var(--bad);border-radius:3px;padding:0 .2em;margin:0 .1em}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px;background:var(--card)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;padding:.7rem 1rem;color:var(--soft);font-size:.87rem;border-bottom:1px solid var(--line)}
th,td{padding:.55rem 1rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{border-top:0;font-size:.8rem;font-weight:600;color:var(--soft);white-space:nowrap}
tbody th{font-weight:600}
td.num,th.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.wide{min-width:15rem}
td .digest{width:17.2rem;font-size:.78rem}
.pair>div{display:grid;grid-template-columns:4rem auto;align-items:baseline}
.after{margin-top:.8rem}
.chip{display:inline-flex;align-items:center;gap:.35em;border-radius:99px;padding:.06rem .6rem;font-size:.79rem;font-weight:600;white-space:nowrap;border:1px solid var(--line-strong);background:var(--grey-tint);color:var(--soft)}
.chip::before{content:"";width:.55em;height:.55em;border-radius:50%;background:currentColor}
.chip.high,.chip.gap,.chip.failed,.chip.refused{color:var(--bad);background:var(--bad-tint);border-color:var(--bad)}
.chip.high::before,.chip.gap::before,.chip.failed::before,.chip.refused::before{border-radius:0;transform:rotate(45deg)}
.chip.medium,.chip.partial{color:var(--warn);background:var(--warn-tint);border-color:var(--warn)}
.chip.medium::before,.chip.partial::before{border-radius:0}
.chip.low,.chip.claimed,.chip.intact{color:var(--cool);background:var(--cool-tint);border-color:var(--cool)}
.chip.pass,.chip.completed,.chip.judged,.chip.counted,.chip.proven,.chip.trusted{color:var(--good);background:var(--good-tint);border-color:var(--good)}
.chip.none::before{background:transparent;border:1.5px solid currentColor}
.tools{display:flex;flex-wrap:wrap;gap:.7rem;align-items:end;margin:.2rem 0 .9rem}
.tools[hidden]{display:none}
.tools label{display:grid;gap:.15rem;font-size:.8rem;color:var(--soft)}
.tools .grow{flex:1 1 12rem}
input,select,button{font:inherit;font-size:.92rem;color:var(--ink);background:var(--card);border:1px solid var(--line-strong);border-radius:6px;padding:.4rem .6rem;min-width:0;max-width:100%}
select{max-width:14rem}
button{cursor:pointer}
.findings{list-style:none;margin:0;padding:0;border:1px solid var(--line);border-radius:10px;background:var(--card);overflow:hidden}
.findings>li+li{border-top:1px solid var(--line)}
.findings summary{display:grid;grid-template-columns:.6rem 5.2rem minmax(0,10.5rem) minmax(0,1fr) minmax(0,13rem);gap:.3rem .9rem;padding:.65rem 1.05rem;cursor:pointer;list-style:none;align-items:start}
.findings summary::-webkit-details-marker{display:none}
.findings summary:hover{background:var(--grey-tint)}
.findings summary .check{font-weight:600;font-size:.9rem;overflow-wrap:anywhere}
.findings summary .message{overflow-wrap:anywhere;font-size:.94rem}
.findings summary .place{font-size:.83rem;padding-top:.1rem;color:var(--soft);overflow-wrap:anywhere}
.findings summary::before{content:"";width:.45rem;height:.45rem;margin-top:.55rem;border:solid var(--gold);border-width:0 2px 2px 0;transform:rotate(-45deg)}
.findings details[open]>summary::before{transform:rotate(45deg);margin-top:.42rem}
.findings details[open]>summary{background:var(--grey-tint)}
.opened{padding:.4rem 1.05rem 1.2rem;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:0 2rem}
.opened h3{margin:.9rem 0 .35rem;font-size:.83rem;color:var(--soft)}
.opened .full{grid-column:1/-1}
.fields{display:grid;grid-template-columns:minmax(5rem,max-content) minmax(0,1fr);margin:0;font-size:.87rem}
.fields dt,.fields dd{padding:.24rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.fields dt{color:var(--soft);padding-right:1.1rem;max-width:14rem}
.fields dd{margin:0}
.fields dd code{white-space:pre-wrap}
.empty{padding:1.1rem;color:var(--soft);margin:0}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));gap:.9rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.15rem;min-width:0}
figcaption{font-size:.92rem;font-weight:600;margin-bottom:.5rem;overflow-wrap:anywhere}
figure p{margin:.5rem 0 0;font-size:.83rem;color:var(--soft)}
figure svg,.scroll>svg{display:block;width:100%;height:auto}
.scroll>svg{min-width:40rem}
svg text{font-family:inherit;fill:var(--soft);font-size:12px}
svg .name{fill:var(--ink);font-weight:600;font-size:13px}
.axis{stroke:var(--line-strong);stroke-width:1}
.grid{stroke:var(--line);stroke-width:1}
.bar{fill:var(--bar)}
.bar-accused,.dot-accused{fill:var(--bad)}
.dot{fill:var(--cool);opacity:.5}
.dot-accused{stroke:var(--card);stroke-width:.8}
.whisker{stroke:var(--gold);stroke-width:2}
.estimate{fill:var(--gold)}
.box{fill:var(--card);stroke:var(--line-strong)}
.box-this{fill:var(--gold-tint);stroke:var(--gold);stroke-width:1.5}
.edge{fill:none;stroke:var(--line-strong);stroke-width:1.5}
.edge.not-checked{stroke-dasharray:5 4}
.edge.proven{stroke:var(--good);stroke-width:2}
.arrow{fill:var(--line-strong)}
.key{display:inline-block;width:.75em;height:.75em;border-radius:50%;margin-right:.35em}
.key.accused{background:var(--bad)}.key.other{background:var(--bar)}
details.more{margin:.5rem 0}
details.more>summary{cursor:pointer;color:var(--gold);font-size:.9rem}
.objective{border:1px solid var(--line);border-radius:10px;background:var(--card);margin-bottom:.7rem;overflow:hidden}
.objective summary{display:grid;grid-template-columns:.6rem 4rem minmax(0,1fr) auto;gap:.3rem .9rem;align-items:baseline;cursor:pointer;padding:.5rem 1rem;list-style:none}
.objective>summary{background:var(--grey-tint)}
.objective>summary h3{margin:0;font-size:.95rem}
.objective>summary h3 span{font-weight:400;color:var(--soft)}
.objective summary::-webkit-details-marker{display:none}
.objective summary::before{content:"";width:.42rem;height:.42rem;align-self:center;border:solid var(--gold);border-width:0 2px 2px 0;transform:rotate(-45deg)}
.objective[open]>summary::before,.objective details[open]>summary::before{transform:rotate(45deg)}
.objective details{border-top:1px solid var(--line)}
.objective details>summary:hover{background:var(--grey-tint)}
.objective .id{font-weight:650;font-variant-numeric:tabular-nums}
.objective .chips{margin:0;justify-content:end}
.rules{padding:.1rem 1rem .9rem 7.4rem;font-size:.89rem}
.rules p{margin:.3rem 0}
.rules ul{margin:.3rem 0;padding-left:1.1rem}
.chips{display:flex;flex-wrap:wrap;gap:.4rem;list-style:none;margin:.4rem 0 1rem;padding:0}
.columns{display:flex;flex-wrap:wrap;gap:.35rem;margin:.3rem 0 1rem;padding:0;list-style:none}
.columns li{font:.84rem var(--mono);background:var(--grey-tint);border:1px solid var(--line);border-radius:5px;padding:.08rem .45rem;overflow-wrap:anywhere}
footer{grid-column:2;margin-top:3.2rem;padding-top:1.1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.87rem}
@media (max-width:62rem){.page{display:block;padding:0 1.1rem 3rem}nav{padding-top:1.3rem}nav ol{display:flex;overflow-x:auto;gap:.2rem;margin-top:.7rem}nav li a{white-space:nowrap;border-left:0;border-bottom:2px solid var(--line)}nav>div{position:static}header{padding-top:1.3rem}}
@media (max-width:44rem){h1{font-size:1.7rem}.findings summary{grid-template-columns:.6rem auto minmax(0,1fr)}.findings summary .message,.findings summary .place{grid-column:2/-1}
.rules{padding-left:1rem}.facts{grid-template-columns:repeat(2,minmax(0,1fr))}.facts dd{font-size:1.2rem}.facts>div{padding:.7rem .8rem}.banner{padding:1rem}.banner svg{display:none}th,td{padding:.5rem .7rem}section{padding-top:2.3rem}
.objective summary{grid-template-columns:.6rem minmax(0,1fr) auto}.objective .title{grid-column:2/-1;grid-row:2}.objective .chips{grid-column:2/-1;grid-row:3;justify-content:start}}
@media print{:root{--paper:#fff;--card:#fff;color-scheme:light}body{font-size:10.5pt}.page{display:block;max-width:none;padding:0}nav,.tools,.skip{display:none}section{padding-top:1.4rem}
.banner,.facts>div,figure,.digests article,.findings>li,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}.findings summary::before{display:none}a{color:inherit}}
`;
