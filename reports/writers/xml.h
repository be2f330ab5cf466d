/*
 * xml: text of anybody, made safe for an XML 1.0 document.
 *
 * What a server answered may hold control characters, broken UTF-8 or mark-up. Control characters
 * other than tab, line feed and carriage return, surrogates, U+FFFE and U+FFFF have no place in XML
 * 1.0, not even as a reference: they become U+FFFD, and so does every byte of a broken sequence.
 */
#ifndef REPORTS_WRITERS_XML_H
#define REPORTS_WRITERS_XML_H

struct buf;

/* For text and for attributes in double quotes; line breaks and tabs become references, since an
 * attribute would turn them into spaces. NULL: nothing. */
void xml_escape(struct buf *out, const char *text);
/* ` name="text"` */
void xml_attribute(struct buf *out, const char *name, const char *text);
/* <![CDATA[text]]>, split where text itself holds the end mark. */
void xml_cdata(struct buf *out, const char *text);

#endif
