/*
 * report.css, beside the page: layout, dark mode, print. A file of its own because the content policy
 * of Jenkins lets style sheets from beside a page pass, but none within it. Classes f-* and s-* paint
 * what svg_fill and svg_stroke wrote.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/writers.h"

static const char colours[] =
	":root{color-scheme:light dark;--paper:#fff;--back:#f6f7f9;--ink:#1c2330;--faint:#5b6472;"
	"--grid:#d9dee6;--band:#e9edf3;--ok:#1769aa;--soft:#a9cbe8;--fail:#c9480a;"
	"--unknown:#a3478a;--fault:#e69f00;--role:#0b5d47;--span:#4b3fb5;--link:#155a96;"
	"--pass:#0b6b50;--warn:#8a5a00;--bad:#b93c05;--pass-back:#e5f3ee;--warn-back:#fbf1dc;"
	"--bad-back:#fcebe2;--void-back:#eceef2}\n"
	"@media (prefers-color-scheme:dark){:root{--paper:#171c24;--back:#0f1319;--ink:#e4e8ee;"
	"--faint:#9aa5b4;--grid:#313a47;--band:#262e3a;--ok:#5aaeea;--soft:#2b5273;--fail:#ff8a4c;"
	"--unknown:#e58bcb;--fault:#e0a21b;--role:#43c59e;--span:#a79cff;--link:#7cbcf0;"
	"--pass:#4cc9a0;--warn:#e3b04b;--bad:#ff8a4c;--pass-back:#12302a;--warn-back:#33290f;"
	"--bad-back:#3b2013;--void-back:#252c37}}\n"
	".f-ink{fill:var(--ink)}.f-faint{fill:var(--faint)}.f-grid{fill:var(--grid)}"
	".f-band{fill:var(--band)}.f-ok{fill:var(--ok)}.f-soft{fill:var(--soft)}"
	".f-fail{fill:var(--fail)}.f-unknown{fill:var(--unknown)}.f-fault{fill:var(--fault)}"
	".f-role{fill:var(--role)}.f-span{fill:var(--span)}.f-paper{fill:var(--paper)}\n"
	".s-ink{stroke:var(--ink)}.s-faint{stroke:var(--faint)}.s-grid{stroke:var(--grid)}"
	".s-ok{stroke:var(--ok)}.s-soft{stroke:var(--soft)}.s-fail{stroke:var(--fail)}"
	".s-unknown{stroke:var(--unknown)}.s-fault{stroke:var(--fault)}.s-role{stroke:var(--role)}"
	".s-span{stroke:var(--span)}.s-pass{stroke:var(--pass)}.s-warn{stroke:var(--warn)}"
	".s-bad{stroke:var(--bad)}\n";

static const char page[] =
	"*{box-sizing:border-box}html{scroll-padding-top:3.2rem}"
	"body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"
	"'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}"
	"header,main{max-width:1180px;margin:0 auto;padding:0 20px}"
	"a{color:var(--link)}a:focus-visible,summary:focus-visible{outline:2px solid var(--span);"
	"outline-offset:2px}small{font-size:.82em;color:var(--faint);font-weight:400}"
	"h1{font-size:1.7rem;margin:.1rem 0 .8rem;line-height:1.25;overflow-wrap:anywhere}"
	"h2{font-size:1.15rem;margin:0 0 .7rem}h3{font-size:1rem;margin:.2rem 0 .5rem;"
	"overflow-wrap:anywhere}p{margin:.4rem 0}"
	".brand{color:var(--faint);font-size:.85rem;margin:1.2rem 0 0;overflow-wrap:anywhere}"
	".about{color:var(--faint);max-width:80ch}"
	"i{font-style:normal;color:var(--faint);font-size:.82em;margin-right:.35em}\n"
	".verdict{display:flex;gap:1.1rem;align-items:center;border-radius:10px;padding:.9rem 1.2rem;"
	"border-left:7px solid var(--faint);background:var(--void-back)}.verdict p{margin:0}"
	".verdict .word{font-size:1.5rem;text-transform:uppercase;letter-spacing:.03em;"
	"white-space:nowrap}.verdict .icon{width:26px;height:26px;vertical-align:-.18em}"
	".sentence{font-size:1.05rem;overflow-wrap:anywhere}"
	".verdict.v-pass{border-color:var(--pass);background:var(--pass-back)}"
	".verdict.v-warn,.verdict.v-inconclusive{border-color:var(--warn);background:var(--warn-back)}"
	".verdict.v-fail,.verdict.v-error{border-color:var(--bad);background:var(--bad-back)}"
	".v-pass .word strong{color:var(--pass)}.v-fail .word strong,.v-error .word strong"
	"{color:var(--bad)}.v-warn .word strong,.v-inconclusive .word strong{color:var(--warn)}\n"
	".tiles{display:flex;flex-wrap:wrap;gap:10px;margin:1rem 0}.tiles div{flex:1 1 auto;"
	"background:var(--paper);border:1px solid var(--grid);border-radius:8px;padding:.5rem .9rem}"
	".tiles small{white-space:nowrap}dt{color:var(--faint);font-size:.8rem}.tiles dd{margin:0;font-size:1.25rem;font-weight:600}"
	"nav{position:sticky;top:0;z-index:1;background:var(--back);border-bottom:1px solid "
	"var(--grid);display:flex;gap:.2rem 1.1rem;overflow-x:auto;padding:.55rem "
	"max(20px,calc((100vw - 1140px)/2));white-space:nowrap;font-size:.9rem}"
	"nav a{text-decoration:none}\n"
	"section{background:var(--paper);border:1px solid var(--grid);border-radius:10px;"
	"padding:1.1rem 1.3rem;margin:1.1rem 0}article{border-top:1px solid var(--grid);"
	"padding-top:.8rem;margin-top:.8rem}h2+article{border:0;padding:0;margin:0}"
	"figure{margin:.4rem 0}figcaption{color:var(--faint);font-size:.85rem;margin-top:.3rem}\n";

static const char tables[] =
	".scroll,.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;"
	"font-variant-numeric:tabular-nums;font-size:.92rem}caption{text-align:left;"
	"color:var(--faint);font-size:.85rem;padding:.5rem 0 .2rem}"
	"th,td{padding:.38rem .7rem .38rem 0;text-align:left;vertical-align:top}"
	"thead th{color:var(--faint);font-weight:500;font-size:.8rem;border-bottom:1px solid "
	"var(--grid);white-space:nowrap}tbody th{font-weight:600;overflow-wrap:anywhere;"
	"min-width:11em}tbody tr+tr td,tbody tr+tr th,tbody+tbody tr:first-child>*"
	"{border-top:1px solid var(--grid)}.n{white-space:nowrap}"
	".n small{white-space:normal;display:block;max-width:12em}td a{white-space:nowrap}"
	".got{font-weight:600}.bad{color:var(--bad);font-weight:600}.v{white-space:nowrap}"
	".expects tr.more td{border-top:0;padding-top:0;font-size:.9rem}.more p{margin:.1rem 0;"
	"max-width:min(100ch,calc(100vw - 7.5rem))}.expects .v-fail .v b,.expects .v-error .v b,.expects .v-fail .got"
	"{color:var(--bad)}.expects .v-pass .v b{color:var(--pass)}.expects .v-warn .v b,"
	".expects .v-inconclusive .v b{color:var(--warn)}"
	".expects tbody:target,tr:target,article:target{background:var(--band)}"
	".icon{vertical-align:-2px}\n"
	".facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:.5rem 1.2rem;"
	"margin:.4rem 0}.facts dd{margin:0;overflow-wrap:anywhere}"
	"summary{cursor:pointer;color:var(--link);margin:.4rem 0}ul,ol{padding-left:1.3rem;"
	"margin:.4rem 0}li{margin:.2rem 0;overflow-wrap:anywhere}"
	"svg{display:block}svg.icon{display:inline-block}svg.timeline,svg.witness{width:100%;"
	"height:auto;min-width:860px}svg.key{max-width:100%;height:auto}"
	".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(290px,1fr));gap:14px;"
	"margin:.6rem 0}svg.chart{width:100%;height:auto}"
	"svg a text{pointer-events:none}"
	"pre{background:var(--band);border-radius:8px;padding:.7rem .9rem;overflow-x:auto;"
	"font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
	"code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
	"font-size:.92em}.source span{display:inline-block;min-width:100%}"
	".source a{color:var(--faint);text-decoration:none}.source .v-fail{background:var(--bad-back)}"
	".source .v-fail b{color:var(--bad)}.source .v-pass b{color:var(--pass)}.source b"
	"{font-weight:500;font-size:.9em}"
	".source span:target{background:var(--warn-back);outline:2px solid var(--warn)}\n";

static const char narrow_and_print[] =
	"@media (max-width:640px){.verdict{display:block}header,main{padding:0 10px}"
	"section{padding:.9rem .8rem}h1{font-size:1.35rem}}\n"
	"@media print{:root{color-scheme:light;--paper:#fff;--back:#fff;--ink:#000;--faint:#444;"
	"--grid:#ccc;--band:#f0f0f0;--ok:#1769aa;--soft:#a9cbe8;--fail:#c9480a;--unknown:#a3478a;"
	"--fault:#e69f00;--role:#0b5d47;--span:#4b3fb5;--link:#000;--pass:#0b6b50;--warn:#8a5a00;"
	"--bad:#b93c05;--pass-back:#fff;--warn-back:#fff;--bad-back:#fff;--void-back:#fff}"
	"body{font-size:11px;print-color-adjust:exact;-webkit-print-color-adjust:exact}"
	"header,main{max-width:none;padding:0}nav{display:none}section{border:0;padding:0;"
	"margin:1rem 0}figure,svg,tr,.verdict,.tiles{break-inside:avoid}h2,h3{break-after:avoid}"
	"svg.timeline,svg.witness{min-width:0}.scroll,.wide,pre{overflow:visible}"
	"pre{white-space:pre-wrap}.charts{grid-template-columns:repeat(3,1fr)}a{text-decoration:none}"
	"table,thead th,caption,.expects tr.more td,figcaption,.sub,p,li,dt{font-size:10px}"
	"small,i{font-size:9px}.sentence{font-size:13px}pre{font-size:9px}th,td{padding-right:.5rem}tbody th{min-width:7em}}\n";

void html_write_style(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	(void)result;
	(void)options;
	buf_puts(out, colours);
	buf_puts(out, page);
	buf_puts(out, tables);
	buf_puts(out, narrow_and_print);
}
