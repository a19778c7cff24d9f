from marc_samples import cnmarc, marc21, shared

from marc import read_records, record_facts

KIMMERER = marc21(
    "020    $a9781571313560$qpaperback",
    "020    $z9781571313355$qhardcover",
    "020    $z9781571318718$qelectronic book",
    "050  4 $aE98.P5$bK56 2013",
    "082 04 $a305.597$223",
    "100 1  $aKimmerer, Robin Wall,$eauthor.",
    "245 10 $aBraiding sweetgrass :$bindigenous wisdom /$cRobin Wall Kimmerer.",
    "250    $aFirst paperback edition.",
    "264  1 $aMinneapolis, Minnesota :$bMilkweed Editions,$c2015.",
    "264  4 $c©2013",
    "300    $ax, 390 pages ;$c22 cm +$e1 CD-ROM.",
    "952    $aMAIN$bMAIN$cGEN$o305.597 K56$p33194000000010$t1",
    "952    $aEAST$bEAST$cGEN$o305.597 K56$p33194000000028$t2",
    "960    $o3$s20.00$tMAIN$uANF",
)


def test_marc21_values_come_without_isbd_punctuation() -> None:
    facts = record_facts(KIMMERER)
    assert (facts.title, facts.subtitle) == ("Braiding sweetgrass", "indigenous wisdom")
    assert (facts.place, facts.publisher, facts.year) == ("Minneapolis, Minnesota", "Milkweed Editions", 2015)
    assert facts.years == (2015, 2013, 2019)
    assert (facts.pages, facts.height_cm, facts.accompanying) == (390, 22.0, "1 CD-ROM")
    assert facts.main_entry == "Kimmerer, Robin Wall"
    assert facts.class_in("DDC").number == "305.597"
    assert (facts.class_in("LCC").number, facts.class_in("LCC").book_number) == ("E98.P5", "K56 2013")


def test_isbns_keep_their_qualifiers_and_what_is_cancelled() -> None:
    facts = record_facts(KIMMERER)
    assert facts.isbn("9781571313560").qualifier == "paperback"
    assert facts.isbn("9781571313355").cancelled
    assert facts.isbn("9781571318718").electronic
    assert facts.isbn("9780000000002") is None


def test_items_and_order_data_are_read() -> None:
    facts = record_facts(KIMMERER)
    assert [item.barcodes for item in facts.items] == [("33194000000010",), ("33194000000028",)]
    assert facts.items[0].at("MAIN")
    assert not facts.items[0].at("EAST")
    assert (facts.order.copies, facts.order.price, facts.order.location) == ("3", "20.00", "MAIN")


def test_cnmarc_gives_the_same_view() -> None:
    facts = record_facts(
        cnmarc(
            "010    $a978-7-5366-9293-0$b精装$dCNY23.00",
            "092    $aCN$b08-4102",
            "200 1  $a三体$9san ti$b专著$e地球往事$f刘慈欣著$h第一部",
            "205    $a2版",
            "210    $a重庆$c重庆出版社$d2008.01",
            "215    $a302页$d24cm$e1光盘",
            "690    $aI247.55$v5",
            "701  0 $a刘慈欣$9liu ci xin$4著",
            "905    $aBJTSG$b34401000000011$cZK$dI247.55$e12",
        )
    )
    assert (facts.flavour, facts.title, facts.subtitle, facts.volume) == (
        "unimarc",
        "三体",
        "地球往事",
        "第一部",
    )
    assert (facts.isbns[0].isbn13, facts.isbns[0].qualifier) == ("9787536692930", "精装")
    assert (facts.publisher, facts.year, facts.pages, facts.height_cm) == ("重庆出版社", 2008, 302, 24.0)
    assert facts.names == ("刘慈欣", "liu ci xin")
    assert (facts.class_in("CLC").number, facts.class_in("CLC").book_number) == ("I247.55", "12")
    assert (facts.items[0].call_number, facts.items[0].barcodes) == ("I247.55/12", ("34401000000011",))
    assert facts.items[0].at("ZK")
    assert facts.accompanying == "1光盘"
    assert facts.order.number == "08-4102"


def test_han_forms_in_880_count_as_forms_of_title_name_and_publisher() -> None:
    facts = record_facts(
        marc21(
            "100 1  $6880-01$aLiu, Cixin,$eauthor.",
            "245 10 $6880-02$aSan ti /$cLiu Cixin zhu.",
            "264  1 $6880-03$aChongqing :$bChongqing chu ban she,$c2008.",
            "880 1  $6100-01/$1$a刘慈欣,$eauthor.",
            "880 10 $6245-02/$1$a三体 /$c刘慈欣著.",
            "880  1 $6264-03/$1$a重庆 :$b重庆出版社,$c2008.",
        )
    )
    assert "三体" in facts.titles
    assert "刘慈欣" in facts.names
    assert "重庆出版社" in facts.publishers
    assert "刘慈欣著" in facts.responsibility


def test_cip_records_are_known_by_level_or_by_look() -> None:
    assert record_facts(marc21("245 10 $aA", "300    $apages cm", level="8")).cip
    assert record_facts(marc21("245 10 $aA", "263    $a2403", "300    $ap. cm.")).cip
    assert not record_facts(marc21("245 10 $aA", "263    $a2403", "300    $a300 pages")).cip
    assert record_facts(marc21("245 10 $aA", "300    $ap. cm.")).cip
    assert record_facts(cnmarc("200 1  $a题名", level="2")).cip
    assert record_facts(cnmarc("200 1  $a题名", "215    $a页$dcm", level="3")).cip


def test_an_orders_brief_record_is_not_taken_for_one_made_before_publication() -> None:
    assert not record_facts(cnmarc("200 1  $a题名", "010    $dCNY20.00", level="3")).cip
    assert not record_facts(marc21("245 10 $aA", level="5")).cip


def test_every_real_record_has_facts() -> None:
    for name in ("marc21.mrc.gz", "chinese_marc21.mrc", "cnmarc.mrc", "unimarc.mrc"):
        for result in read_records(shared(name)):
            if result.record is not None:
                record_facts(result.record)
