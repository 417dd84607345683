/* Templates: what Go 1.19's text/template prints for the same template and value, docker's functions with it; and that
 * what is wrong is told with its place, and bounded. */
#include "shim/template/template.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/owned.h"

static const char document[] =
	"{\"Id\":\"abc123\",\"Name\":\"/"
	"web\",\"N\":42,\"F\":1.5,\"Neg\":-3,\"Big\":100000000000000000,\"T\":true,\"Z\":false,"
	"\"Nil\":null,\"Empty\":\"\",\"E\":[],\"O\":{},"
	"\"State\":{\"Status\":\"running\",\"Running\":true,\"Pid\":77,\"ExitCode\":0,\"Health\":"
	"null},"
	"\"Config\":{\"Labels\":{\"b\":\"2\",\"a\":\"1\",\"x.y\":\"z\"},\"Cmd\":[\"sh\",\"-c\","
	"\"echo <hi> & \\\"q\\\"\"]},"
	"\"Mounts\":[{\"Source\":\"/a\",\"Destination\":\"/b\",\"RW\":true},{\"Source\":\"/"
	"c\",\"Destination\":\"/d\",\"RW\":false}]}";

static struct json_object *value;

static int begin(void **state)
{
	(void)state;
	value = json_tokener_parse(document);
	return value ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	json_object_put(value);
	return 0;
}

/* Parses and runs; what it printed is the caller's to free, NULL when either failed. */
static char *print(const char *text, bool header, struct error *err)
{
	struct buffer printed = { 0 };
	struct template *template = template_parse(text, err);

	if (!template)
		return NULL;
	buffer_add(&printed, "", 0);
	if (template_run(template, value, header, &printed, err))
		buffer_finish(&printed);
	template_destroy(template);
	return printed.text;
}

struct example {
	const char *text, *expected;
};

static void check_printed(const struct example *cases, size_t n, bool header)
{
	for (size_t i = 0; i < n; i++) {
		struct error err = { 0 };
		owned_string printed = print(cases[i].text, header, &err);

		if (!printed || strcmp(printed, cases[i].expected) != 0)
			fail_msg("%s: \"%s\" %s", cases[i].text, printed ? printed : "", err.msg);
	}
}

static void check_refused(const struct example *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct error err = { 0 };
		owned_string printed = print(cases[i].text, false, &err);

		if (printed || err.code != EINVAL || strcmp(err.msg, cases[i].expected) != 0)
			fail_msg("%s: \"%s\" and not \"%s\"", cases[i].text, err.msg,
				 cases[i].expected);
	}
}

#define COUNT(cases) (sizeof(cases) / sizeof *(cases))

static const struct example printed_by_go[] = {
	{ "{{.Id}}", "abc123" },
	{ "{{.State.Status}} {{.N}} {{.F}} {{.Neg}} {{.T}} {{.Big}}",
	  "running 42 1.5 -3 true 100000000000000000" },
	{ "{{.State}}", "map[ExitCode:0 Health:<nil> Pid:77 Running:true Status:running]" },
	{ "{{.Config.Cmd}}", "[sh -c echo <hi> & \"q\"]" },
	{ "{{json .Id}}{{json .N}}{{json .Nil}}{{json .F}}", "\"abc123\"42null1.5" },
	{ "{{.Nil}}", "<no value>" },
	{ "{{index .Config.Labels \"x.y\"}}", "z" },
	{ "{{index .Config.Cmd 1}}", "-c" },
	{ "{{index .Mounts 0 \"Source\"}}", "/a" },
	{ "{{(index .Mounts 1).Destination}}", "/d" },
	{ "{{range .Mounts}}{{.Source}}:{{.Destination}} {{end}}", "/a:/b /c:/d " },
	{ "{{range $i, $m := .Mounts}}{{$i}}={{$m.Source}},{{end}}", "0=/a,1=/c," },
	{ "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a=1;b=2;x.y=z;" },
	{ "{{range $v := .Config.Labels}}{{$v}}{{end}}", "12z" },
	{ "{{range .E}}x{{else}}none{{end}}", "none" },
	{ "{{range .O}}x{{else}}none{{end}}", "none" },
	{ "{{range .Nil}}x{{else}}none{{end}}", "none" },
	{ "{{if .State.Running}}up{{else}}down{{end}}", "up" },
	{ "{{if .Z}}a{{else if .T}}b{{else}}c{{end}}", "b" },
	{ "{{if .Z}}a{{else if .Z}}b{{else}}c{{end}}", "c" },
	{ "{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none" },
	{ "{{if and .State.Health .State.Health.Status}}x{{else}}y{{end}}", "y" },
	{ "{{with .State}}{{.Pid}}{{end}}{{with .Nil}}a{{else}}b{{end}}", "77b" },
	{ "{{with $x := .State}}{{$x.Pid}}{{$.Id}}{{end}}", "77abc123" },
	{ "{{upper .Id}} {{lower \"ABC\"}} {{title \"hello world\"}}", "ABC123 abc Hello World" },
	{ "{{.Id | upper | printf \"%s-%d\" \"a\" 3}}", "a-3%!(EXTRA string=ABC123)" },
	{ "{{.Id | printf \"%s-%s\" \"a\"}}", "a-abc123" },
	{ "{{printf \"%q %v %t %s\" .Id .F .T .Name}}", "\"abc123\" 1.5 true /web" },
	{ "{{printf \"%.2f %e %g %6.1f|\" .F .F .F .F}}", "1.50 1.500000e+00 1.5    1.5|" },
	{ "{{printf \"%s\" .N}}{{printf \"%d\" .Id}}{{printf \"%d\"}}{{printf \"%d\" 1 "
	  "2}}{{printf \"%\"}}{{printf \"%%\"}}",
	  "%!s(int=42)%!d(string=abc123)%!d(MISSING)1%!(EXTRA int=2)%!(NOVERB)%" },
	{ "{{printf \"%-8s|%8s|%.2s\" .Id .Id .Id}}", "abc123  |  abc123|ab" },
	{ "{{printf \"%v %v\" .Config.Cmd .Config.Labels}}",
	  "[sh -c echo <hi> & \"q\"] map[a:1 b:2 x.y:z]" },
	{ "{{len .Id}} {{len .Mounts}} {{len .Config.Labels}}", "6 2 3" },
	{ "{{join .Config.Cmd \",\"}}", "sh,-c,echo <hi> & \"q\"" },
	{ "{{split \"a,b,c\" \",\"}} {{split \"abc\" \"\"}} {{split \"\" \",\"}} {{len "
	  "(split \"\" \",\")}}",
	  "[a b c] [a b c] [] 1" },
	{ "{{print 1 2 \"a\" \"b\" 3 4}}|{{println 1 \"a\"}}|{{print}}", "1 2ab3 4|1 a\n|" },
	{ "{{eq .N 42}} {{eq .Id \"x\" \"abc123\"}} {{ne .N 1}} {{lt 1 2}} {{gt 1.5 1.0}} "
	  "{{le \"a\" \"b\"}} {{ge 2 2}}",
	  "true true true true true true true" },
	{ "{{eq .T true}} {{eq .Nil nil}}", "true true" },
	{ "{{/* c */}}a{{- /* c */ -}} b", "ab" },
	{ "a {{- .N -}} b", "a42b" },
	{ "a {{- \" x \" -}} b", "a x b" },
	{ "{{\"a\\tb\\n\\\"\\\\\"}}{{`raw\\n`}}", "a\tb\n\"\\raw\\n" },
	{ "{{\"é\\u00e9\"}}", "éé" },
	{ "{{-3}} {{- 3}} {{3 -}} x", "-33 3x" },
	{ "{{.}}", "map[Big:100000000000000000 Config:map[Cmd:[sh -c echo <hi> & \"q\"] "
		   "Labels:map[a:1 b:2 x.y:z]] E:[] Empty: F:1.5 Id:abc123 "
		   "Mounts:[map[Destination:/b RW:true Source:/a] map[Destination:/d RW:false "
		   "Source:/c]] N:42 Name:/web Neg:-3 Nil:<nil> O:map[] State:map[ExitCode:0 "
		   "Health:<nil> Pid:77 Running:true Status:running] T:true Z:false]" },
	{ "{{$}}", "map[Big:100000000000000000 Config:map[Cmd:[sh -c echo <hi> & \"q\"] "
		   "Labels:map[a:1 b:2 x.y:z]] E:[] Empty: F:1.5 Id:abc123 "
		   "Mounts:[map[Destination:/b RW:true Source:/a] map[Destination:/d RW:false "
		   "Source:/c]] N:42 Name:/web Neg:-3 Nil:<nil> O:map[] State:map[ExitCode:0 "
		   "Health:<nil> Pid:77 Running:true Status:running] T:true Z:false]" },
	{ "{{$x := 3}}{{$x}}{{$x = 4}}{{$x}}", "34" },
	{ "{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{end}}{{$x}}", "2" },
	{ "{{(.Id)}}", "abc123" },
	{ "{{1.5e3}} {{0.1}} {{+5}} {{1e100}}", "1500 0.1 5 1e+100" },
	{ "{{.State.Status}}{{\"}}\"}}", "running}}" },
	{ "{{.Config.Labels.a}}", "1" },
	{ "{{range .Mounts}}{{$.Name}}{{end}}", "/web/web" },
	{ "{{range $i := .Mounts}}{{$i.Source}}{{end}}", "/a/c" },
	{ "{{if eq .State.Status \"running\"}}R{{end}}", "R" },
	{ "{{.Name | len}} {{.N | eq 42}}", "4 true" },
	{ "{{with .Mounts}}{{(index . 0).Source}}{{end}}", "/a" },
	{ "{{println .Id .N}}", "abc123 42\n" },
	{ "{{json .Config.Cmd | upper}}", "[\"SH\",\"-C\",\"ECHO <HI> & \\\"Q\\\"\"]" },
	{ "{{.Id}}}}", "abc123}}" },
	{ "a}}b", "a}}b" },
	{ "{{.Id|upper}}", "ABC123" },
};

static void templates_print_what_go_prints(void **state)
{
	(void)state;
	check_printed(printed_by_go, COUNT(printed_by_go), false);
}

static const struct example refused[] = {
	{ "{{.Missing}}", "template:1:3: map has no entry for key \"Missing\"" },
	{ "{{.State.Missing.Foo}}", "template:1:3: map has no entry for key \"Missing\"" },
	{ "{{.Nil.Foo}}", "template:1:3: nil data; no entry for key \"Foo\"" },
	{ "{{.Id.Foo}}", "template:1:3: can't evaluate field Foo in type string" },
	{ "{{index .Config.Cmd 9}}", "template:1:3: error calling index: index out of range: 9" },
	{ "{{index .Config.Cmd -1}}", "template:1:3: error calling index: index out of range: -1" },
	{ "{{range .Id}}x{{end}}", "template:1:3: range can't iterate over string" },
	{ "{{len 3}}", "template:1:3: error calling len: len of int" },
	{ "{{eq .N \"a\"}}", "template:1:3: error calling eq: incompatible types for comparison" },
	{ "{{lt .T .T}}", "template:1:3: error calling lt: invalid type for comparison" },
	{ "{{not .T}} {{and .T .N}} {{or .Z .Empty \"d\"}} {{or .Z .Empty}} {{and}}",
	  "template:1:66: wrong number of args for and: want at least 1 got 0" },
	{ "{{ .Id }}{{", "template:1:12: missing value for command" },
	{ "{{.Id", "template:1:6: unclosed action" },
	{ "{{if .T}}", "template:1:10: unexpected EOF: {{end}} is missing" },
	{ "{{end}}", "template:1:3: unexpected {{end}}" },
	{ "{{else}}", "template:1:3: unexpected {{else}}" },
	{ "{{if .T}}a{{else}}b{{else}}c{{end}}", "template:1:3: a second else" },
	{ "{{foo .Id}}", "template:1:3: function \"foo\" not defined" },
	{ "{{.Id .N}}", "template:1:3: can't give argument to non-function" },
	{ "{{\"x\" .N}}", "template:1:3: can't give argument to non-function" },
	{ "{{$x}}", "template:1:3: undefined variable \"$x\"" },
	{ "{{$x = 1}}", "template:1:3: undefined variable \"$x\"" },
	{ "{{if true}}{{$y := 1}}{{end}}{{$y}}", "template:1:32: undefined variable \"$y\"" },
	{ "{{()}}", "template:1:4: missing value for command" },
	{ "{{(.Id}}", "template:1:3: unclosed left paren" },
	{ "{{.Id)}}", "template:1:6: unexpected ')' in command" },
	{ "{{.Id | }}", "template:1:9: missing value for command" },
	{ "{{| .Id}}", "template:1:3: missing value for command" },
	{ "{{}}", "template:1:3: missing value for command" },
	{ "{{ }}", "template:1:4: missing value for command" },
	{ "{{99999999999999999999}}", "template:1:23: bad number syntax" },
	{ "{{truncate .Id 3}} {{pad \"a\" 1 2}}|{{slice .Id 1 3}} {{slice .Id 9}}",
	  "template:1:56: error calling slice: slice bounds out of range" },
	{ "{{.N.}}", "template:1:5: unexpected '.' in operand" },
	{ "{{..N}}", "template:1:4: unexpected '.' in operand" },
	{ "{{.N .}}", "template:1:3: can't give argument to non-function" },
	{ "x{{.Id}}\ny{{.Missing}}", "template:2:4: map has no entry for key \"Missing\"" },
	{ "{{define \"x\"}}a{{end}}", "template:1:3: function \"define\" not defined" },
	{ "{{\"unterminated}}", "template:1:3: unterminated quoted string" },
	{ "{{`unterminated}}", "template:1:3: unterminated raw quoted string" },
	{ "{{\"\\q\"}}", "template:1:6: invalid syntax in string" },
	{ "{{{.Id}}}", "template:1:3: unexpected '{' in command" },
	{ "{{if}}x{{end}}", "template:1:5: missing value for command" },
	{ "{{range}}x{{end}}", "template:1:8: missing value for command" },
	{ "{{upper(.Id)}}", "template:1:8: unexpected '(' in operand" },
	{ "{{upper .Id.Foo}}", "template:1:9: can't evaluate field Foo in type string" },
};

static void what_is_wrong_is_told_with_its_place(void **state)
{
	(void)state;
	check_refused(refused, COUNT(refused));
}

/* Where a JSON value has no type behind it, or docker's words are wanted. */
static void where_it_differs_from_go(void **state)
{
	static const struct example cases[] = {
		{ "{{index .Config.Labels \"nope\"}}", "" },
		{ "{{json .State}}",
		  "{\"Status\":\"running\",\"Running\":true,\"Pid\":77,\"ExitCode\":0,"
		  "\"Health\":null}" },
		{ "{{.Config.Labels \"x.y\"}}{{.Config.Labels \"nope\"}}", "z" },
	};

	(void)state;
	check_printed(cases, COUNT(cases), false);
}

static void a_heading_goes_through_functions_unchanged(void **state)
{
	static const struct example cases[] = {
		{ "{{upper .Id}} {{json .Name}} {{truncate .Id 2}} {{pad .Id 1 1}}",
		  "abc123 /web abc123 abc123" },
		{ "{{.Name \"com.x-y_z\"}}", "x y z" },
		{ "{{len .Id}}", "6" },
	};

	(void)state;
	check_printed(cases, COUNT(cases), true);
}

/* @before, then @text @n times, then @behind; for check_bound to free. */
static char *repeated(const char *before, const char *text, size_t n, const char *behind)
{
	struct buffer all = { 0 };

	buffer_print(&all, "%s", before);
	for (size_t i = 0; i < n; i++)
		buffer_print(&all, "%s", text);
	buffer_print(&all, "%s", behind);
	assert_false(all.failed);
	return all.text;
}

static void check_bound(char *text, const char *message)
{
	struct error err = { 0 };
	owned_string printed = print(text, false, &err);

	free(text);
	assert_null(printed);
	if (!strstr(err.msg, message))
		fail_msg("\"%s\" and not \"%s\"", err.msg, message);
}

static void no_template_takes_the_machine_down(void **state)
{
	owned_string ends = repeated("", "{{end}}", 12, "");
	char *nested = repeated("", "{{range $.Config.Cmd}}", 12, ends);

	(void)state;
	check_bound(repeated("", "x", TEMPLATE_LENGTH_MAX + 1, ""), "longer than 65536 bytes");
	check_bound(repeated("", "{{if .T}}", 60, ""), "more than 50 brackets and blocks");
	check_bound(repeated("{{", "(", 60, ""), "more than 50 brackets and blocks");
	check_bound(repeated("", "{{if .Z}}{{else if .Z}}", 1, ""), "unexpected EOF");
	check_bound(repeated("{{$x := print .}}", "{{$x = printf \"%s%s\" $x $x}}", 40, ""),
		    "texts of more than 4194304 bytes");
	check_bound(repeated("{{$x := printf \"%s%s%s%s\" . . . .}}{{$y := 1}}",
			     "{{$y = printf \"%s%s%s%s\" $x $x $x $x}}", 1700, ""),
		    "texts of more than");
	check_bound(nested, "more than 200000 steps");
	check_bound(repeated("", "{{$a := 1}}", 250, ""), "more than 200 variables");
	check_bound(repeated("{{print", " 1", 20, "}}"), "more than 16 arguments");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_print_what_go_prints),
		cmocka_unit_test(what_is_wrong_is_told_with_its_place),
		cmocka_unit_test(where_it_differs_from_go),
		cmocka_unit_test(a_heading_goes_through_functions_unchanged),
		cmocka_unit_test(no_template_takes_the_machine_down),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
