-- The cases of expected.tsv in SQL (SQLite), as they were counted over the raw files, without this project.
--
-- The files are loaded row by row: m (households), p (products), c (campaigns), e (lines) and f (redemptions); seq is
-- the place in the file, at is seconds since 1970, day, hour, wd (1 Monday) and mon are local to America/New_York,
-- amounts are cents, an empty cell is null, inc and ageb
-- number the incomes and ages as the rules order them, num is the place in order of arrival, from 0. Functions from outside: rdiv(n, d)
-- is n/d rounded half away from zero, favg the exact average rounded once, chance(s, n) the first 53 bits of SHA-256
-- of s, a zero byte and n as 8 big-endian bytes as a fraction, addmonths(t, n) the same local time n months later, the day
-- clamped, fsum the exact sum rounded once, s regexp p whether p is found in s. One line of the file is left out: its
-- amount, 4.440892e-16, is none. 1503844200 is 2017-08-27T10:30 in New York.

create table m(id text primary key,num integer,number integer,age text,income text,home text,married integer,size text,comp text,kids text,mailed text);
create table p(product_id text primary key,manufacturer text,dept text,brand text,cat text,kind text,package text);
create table c(campaign text primary key,kind text,begins text,closes text);
create table e(seq integer primary key,id text,at integer,day text,hour int,wd int,mon int,store text,basket text,product text,qty int,sales int,roff int,coff int,moff int,week int);
create table f(seq integer primary key,id text,at integer,day text,coupon text,campaign text);
create table inc(v text,n int); create table ageb(v text,n int);
create table l as select e.*, p.dept,p.brand,p.cat,p.kind,p.package,p.manufacturer, roff+coff+moff off, sales+roff+moff shelf,
  case when sales+roff+moff=0 then null else (roff+coff+moff)*1.0/(sales+roff+moff) end share, coalesce(p.brand='Private',0) own
  from e left join p on p.product_id=e.product where at<=1503844200 order by seq;
create index li on l(id,at);
create table r as select f.*, c.kind,c.begins,c.closes from f left join c using(campaign) where at<=1503844200 order by seq;
create index ri on r(id);
create table a as select m.*, inc.n incn, ageb.n agen, c.kind mkind,c.begins mbegins,c.closes mcloses,
  (select count(*) from l where l.id=m.id) n, (select coalesce(sum(sales),0) from l where l.id=m.id) spend,
  (select coalesce(sum(off),0) from l where l.id=m.id) off, (select coalesce(sum(shelf),0) from l where l.id=m.id) shelf,
  (select max(at) from l where l.id=m.id) lastat, (select min(at) from l where l.id=m.id) firstat,
  (select max(day) from l where l.id=m.id) lastday, (select min(day) from l where l.id=m.id) firstday,
  cast(julianday('2017-08-27')-julianday((select max(day) from l where l.id=m.id)) as int) recency,
  (select seq from l where l.id=m.id order by at desc,seq desc limit 1) lastseq,
  (select seq from l where l.id=m.id order by at,seq limit 1) firstseq
  from m left join inc on inc.v=m.income left join ageb on ageb.v=m.age left join c on c.campaign=m.mailed;
create unique index ai on a(id);
alter table a add column quint int; alter table a add column pace int; alter table a add column stage text; alter table a add column fav text;
update a set quint=(select (5*count(*))/(select count(*) from a) from a b where b.spend<a.spend)+1;
update a set pace=(select (4*count(*))/(select count(*) from a where recency is not null) from a b where b.recency<a.recency)+1 where recency is not null;
update a set stage=case when spend=0 then 'none' when recency<=7 then 'hot' when recency<=30 then 'warm' else 'cold' end;
update a set fav=(select dept from l where l.id=a.id and dept is not null group by dept order by sum(sales) desc, max(at) desc, max(printf('%012d',at)||printf('%08d',seq)) desc limit 1);
create table sh as select id, (select favg(share) from l where l.id=a.id) s from a; create index shi on sh(id);

-- has(line)
select count(*) from a where n>0;

-- not has(line)
select count(*) from a where n=0;

-- count(line) >= 30
select count(*) from a where n>=30;

-- has(line) in last 7 days
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-21' and '2017-08-27');

-- not has(line) in last 60 days
select count(*) from a where not exists(select 1 from l where l.id=a.id and day between '2017-06-29' and '2017-08-27');

-- has(line) in last 2 weeks
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-14' and '2017-08-27');

-- has(line) in last 3 months
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-05-28' and '2017-08-27');

-- count(line) in last 2 quarters > 10
select count(*) from a where (select count(*) from l where l.id=a.id and day between '2017-02-28' and '2017-08-27')>10;

-- not has(line) in last 1 year
select count(*) from a where not exists(select 1 from l where l.id=a.id and day between '2016-08-28' and '2017-08-27');

-- has(line) in last 18 hours
select count(*) from a where exists(select 1 from l where l.id=a.id and at>1503779400);

-- has(line) in last 990 minutes
select count(*) from a where exists(select 1 from l where l.id=a.id and at>1503784800);

-- has(line) in last 36 hours and not has(line) in last 2 days
select count(*) from a where exists(select 1 from l where l.id=a.id and at>1503714600) and not exists(select 1 from l where l.id=a.id and day between '2017-08-26' and '2017-08-27');

-- has(line) in this day
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-27' and '2017-08-27');

-- has(line) in this week
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-27' and '2017-08-27');

-- has(line) in this month
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-01' and '2017-08-27');

-- has(line) in this quarter
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-07-01' and '2017-08-27');

-- count(line) in this year >= 12
select count(*) from a where (select count(*) from l where l.id=a.id and day between '2017-01-01' and '2017-08-27')>=12;

-- has(line) in previous 1 day
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-26' and '2017-08-26');

-- has(line) in previous 1 week
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-20' and '2017-08-26');

-- has(line) in previous 2 weeks and not has(line) in previous 1 week
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-13' and '2017-08-26') and not exists(select 1 from l where l.id=a.id and day between '2017-08-20' and '2017-08-26');

-- has(line) in previous 1 month
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-07-01' and '2017-07-31');

-- has(line) in previous 1 quarter
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-04-01' and '2017-06-30');

-- has(line) in previous 3 quarters
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2016-10-01' and '2017-06-30');

-- has(line) in previous 1 year
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2016-01-01' and '2016-12-31');

-- has(line) since 2017-08-20
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-20' and '2017-08-27');

-- has(line) since 2017-08-26T18:00
select count(*) from a where exists(select 1 from l where l.id=a.id and at>=1503784800);

-- has(line) before 2017-01-15
select count(*) from a where exists(select 1 from l where l.id=a.id and day<'2017-01-15');

-- count(line) before 2017-03-12T02:30 > 5
select count(*) from a where (select count(*) from l where l.id=a.id and at<1489302000)>5;

-- has(line) from 2017-03-11 to 2017-03-12
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-03-11' and '2017-03-12');

-- has(line) from 2017-07-04T09:00 to 2017-07-04T12:30
select count(*) from a where exists(select 1 from l where l.id=a.id and at between 1499173200 and 1499185800);

-- has(line) since 2017-08-28
select count(*) from a where 0;

-- has(line) since today
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-27' and '2017-08-27');

-- count(line where hour(at) >= 20) > count(line where hour(at) < 12)
select count(*) from a where (select count(*) from l where l.id=a.id and hour>=20)>(select count(*) from l where l.id=a.id and hour<12);

-- has(line where day = 2017-05-31)
select count(*) from a where exists(select 1 from l where l.id=a.id and day='2017-05-31');

-- has(line where weekday(at) = 7) and not has(line where weekday(day) != 7)
select count(*) from a where exists(select 1 from l where l.id=a.id and wd=7) and not exists(select 1 from l where l.id=a.id and wd!=7);

-- has(line where month(at) = 2 and quarter(day) = 1) and weekday(last(line)) in (1, 2, 3)
select count(*) from a where exists(select 1 from l where l.id=a.id and mon=2) and (select wd from l where seq=a.lastseq) in (1,2,3);

-- avg(line.quantity where weekend) > avg(line.quantity where not weekend)
select count(*) from a where (select favg(qty) from l where l.id=a.id and wd>=6)>(select favg(qty) from l where l.id=a.id and wd<6);

-- days since first(line) > 200
select count(*) from a where julianday('2017-08-27')-julianday(firstday)>200;

-- hours since last(line) between 24 and 47
select count(*) from a where (1503844200-lastat)/3600 between 24 and 47;

-- hours since last(line) < 20 and days since last(line) = 1
select count(*) from a where (1503844200-lastat)/3600<20 and recency=1;

-- first(line) < 2017-01-03T12:00
select count(*) from a where firstat<1483462800;

-- first(line) <= 2017-01-02
select count(*) from a where firstday<='2017-01-02';

-- last(line.day) = 2017-08-25
select count(*) from a where lastday='2017-08-25';

-- date(last(line)) + 1 month > today
select count(*) from a where date(lastday,'+1 month')>'2017-08-27';

-- last(line) + 2 days > now
select count(*) from a where lastat+2*86400>1503844200;

-- today - date(first(line)) between 100 and 150
select count(*) from a where julianday('2017-08-27')-julianday(firstday) between 100 and 150;

-- anniversary(first(line)) <= 2018-01-31
select count(*) from a where date(firstday,'+1 year')<='2018-01-31';

-- age(mailed.begins) = 0 and anniversary(mailed.begins) < 2018-05-01
select count(*) from a where mbegins<='2017-08-27' and mbegins>'2016-08-27' and date(mbegins,'+1 year')<'2018-05-01';

-- days until (mailed.closes) between 0 and 30
select count(*) from a where julianday(mcloses)-julianday('2017-08-27') between 0 and 30;

-- mailed.kind = "Type A" and mailed.begins >= 2017-06-01
select count(*) from a where mkind='Type A' and mbegins>='2017-06-01';

-- mailed.kind > "Type A"
select count(*) from a where mkind>'Type A';

-- mailed in ("13", "18") and not mailed.kind != "Type A"
select count(*) from a where mailed in ('13','18') and mkind='Type A';

-- mailed not in ("13", "18")
select count(*) from a where mailed not in ('13','18');

-- mailed is unknown or mailed.closes < today
select count(*) from a where mailed is null or mcloses<'2017-08-27';

-- sum(line.sales) >= 150.01
select count(*) from a where spend>=15001;

-- spend - sum(line.off) > 100
select count(*) from a where spend-off>10000;

-- sum(line.off) / sum(line.shelf) > 20%
select count(*) from a where off*100>20*shelf and shelf>0;

-- sum(line.off) > sum(line.shelf) * 12.5%
select count(*) from a where off>rdiv(shelf*125,1000);

-- sum(line.sales) * 12.5% = 10
select count(*) from a where rdiv(spend*125,1000)=1000;

-- round(sum(line.sales) / 10) = 7
select count(*) from a where spend between 6500 and 7499;

-- floor(sum(line.sales) / 10) = 9
select count(*) from a where spend between 9000 and 9999;

-- ceil(sum(line.off) * 50%) = 5
select count(*) from a where off>800 and off<=1000;

-- round(count(line) / 2) = 5
select count(*) from a where n in (9,10);

-- round(-count(line) / 4) = -3
select count(*) from a where n between 10 and 13;

-- avg(line.sales) > 3.50
select count(*) from a where rdiv(spend,n)>350;

-- round(avg(line.sales)) = 3
select count(*) from a where n>0 and spend>=250*n and spend<350*n;

-- usual = 2.99
select count(*) from a where rdiv(spend,n)=299;

-- floor(usual) != floor(avg(line.sales))
select count(*) from a where rdiv(spend,n)/100 != spend/n/100 and n>0;

-- max(line.sales) - min(line.sales) > 19.99
select count(*) from a where (select max(sales)-min(sales) from l where l.id=a.id and 1)>1999;

-- abs(sum(line.retail_off) - sum(line.coupon_off)) < 1 and has(line where off > 0)
select count(*) from a where abs((select sum(roff)-sum(coff) from l where l.id=a.id and 1))<100 and exists(select 1 from l where l.id=a.id and off>0);

-- least(max(line.sales), 5) < greatest(min(line.sales), 4)
select count(*) from a where min((select max(sales) from l where l.id=a.id and 1),500)<max((select min(sales) from l where l.id=a.id and 1),400);

-- spend > number
select count(*) from a where spend>number*100;

-- number / 2 = floor(number / 2) and number between 100 and 1_000
select count(*) from a where number%2=0 and number between 100 and 1000;

-- (max(line.coupon_off where coupon_off > 0) ?? 1) > 0.75
select count(*) from a where coalesce((select max(coff) from l where l.id=a.id and coff>0),100)>75;

-- sum(line.sales) / sum(line.coupon_off) > 100
select count(*) from a where off is not null and spend>100*(select sum(coff) from l where l.id=a.id and 1) and (select sum(coff) from l where l.id=a.id and 1)>0;

-- not sum(line.sales) / sum(line.coupon_off) > 100
select count(*) from a where not coalesce(spend>100*(select sum(coff) from l where l.id=a.id and 1) and (select sum(coff) from l where l.id=a.id and 1)>0,0);

-- (spend / count(line)) is unknown
select count(*) from a where n=0;

-- sum(line.sales where product.department = "NO SUCH") = 0 and max(line.sales where quantity < 0) is unknown
select count(*) from a where 1;

-- avg(line.share) > 0.25
select count(*) from a where (select favg(share) from l where l.id=a.id and 1)>0.25;

-- has(line where share is unknown)
select count(*) from a where exists(select 1 from l where l.id=a.id and shelf=0);

-- max(line.share) >= 50% and min(line.share) < 0.001
select count(*) from a where (select max(share) from l where l.id=a.id and 1)>=0.5 and (select min(share) from l where l.id=a.id and 1)<0.001;

-- max(line.quantity) >= 1_000
select count(*) from a where (select max(qty) from l where l.id=a.id and 1)>=1000;

-- has(line where sales > member.usual * 10)
select count(*) from a where exists(select 1 from l where l.id=a.id and sales>10*rdiv(a.spend,a.n));

-- count(line where sales >= 5 and sales < 7.5) >= 5
select count(*) from a where (select count(*) from l where l.id=a.id and sales>=500 and sales<750)>=5;

-- has(line where product.department = "FUEL")
select count(*) from a where exists(select 1 from l where l.id=a.id and dept='FUEL');

-- distinct(line.product.department) >= 6
select count(*) from a where (select count(distinct dept) from l where l.id=a.id and 1)>=6;

-- favourite = "DRUG GM"
select count(*) from a where fav='DRUG GM';

-- favourite != "GROCERY"
select count(*) from a where fav!='GROCERY';

-- top(line.product.category by count(line)) in last 90 days = "SOFT DRINKS"
select count(*) from a where (select cat from l where l.id=a.id and cat is not null and day between '2017-05-30' and '2017-08-27' group by cat order by count(*) desc, max(printf('%012d%08d',at,seq)) desc limit 1)='SOFT DRINKS';

-- top(line.product.category by max(line.quantity) where sales > 1) = "CHEESE"
select count(*) from a where (select cat from l where l.id=a.id and cat is not null and sales>100 group by cat order by max(qty) desc, max(printf('%012d%08d',at,seq)) desc limit 1)='CHEESE';

-- top(line.store by distinct(line.basket)) = last(line.store)
select count(*) from a where (select store from l where l.id=a.id and store is not null and 1 group by store order by count(distinct basket) desc, max(printf('%012d%08d',at,seq)) desc limit 1)=(select store from l where l.id=a.id and store is not null order by at desc,seq desc limit 1);

-- top(line.product.brand by sum(line.quantity) where product.department != "FUEL") = "Private"
select count(*) from a where (select brand from l where l.id=a.id and brand is not null and dept!='FUEL' group by brand order by sum(qty) desc, max(printf('%012d%08d',at,seq)) desc limit 1)='Private';

-- set(line.product.department) contains "FLORAL"
select count(*) from a where exists(select 1 from l where l.id=a.id and dept='FLORAL');

-- not set(line.product.brand) in last 30 days contains "Private"
select count(*) from a where not exists(select 1 from l where l.id=a.id and brand='Private' and day between '2017-07-29' and '2017-08-27');

-- last(line.product.brand) = "Private" and first(line.product.brand) = "National"
select count(*) from a where (select brand from l where l.id=a.id and brand is not null order by at desc,seq desc limit 1)='Private' and (select brand from l where l.id=a.id and brand is not null order by at,seq limit 1)='National';

-- has(line where product.category is unknown)
select count(*) from a where exists(select 1 from l where l.id=a.id and cat is null);

-- has(line where product.package is unknown and product.department is known)
select count(*) from a where exists(select 1 from l where l.id=a.id and package is null and dept is not null);

-- has(line where product.category contains "FRZN")
select count(*) from a where exists(select 1 from l where l.id=a.id and instr(cat,'FRZN'));

-- count(line where product.category starts with "FROZEN") > count(line where product.kind ends with "MILK")
select count(*) from a where (select count(*) from l where l.id=a.id and substr(cat,1,6)='FROZEN')>(select count(*) from l where l.id=a.id and substr(kind,-4)='MILK');

-- has(line where product.kind matches "^(BEER|WINE|LIQUOR)")
select count(*) from a where exists(select 1 from l where l.id=a.id and kind regexp '^(BEER|WINE|LIQUOR)');

-- has(line where lower(product.kind) contains "yogurt" and length(product.package) <= 4)
select count(*) from a where exists(select 1 from l where l.id=a.id and instr(lower(kind),'yogurt') and length(package)<=4);

-- count(line where product.department not in ("GROCERY", "DRUG GM", "PRODUCE")) >= count(line) / 2 and has(line)
select count(*) from a where n>0 and 2*(select count(*) from l where l.id=a.id and dept not in ('GROCERY','DRUG GM','PRODUCE'))>=n;

-- count(line where own) > count(line where not own)
select count(*) from a where (select count(*) from l where l.id=a.id and own)>(select count(*) from l where l.id=a.id and not own);

-- not last(line.own)
select count(*) from a where not coalesce((select own from l where l.id=a.id and own is not null order by at desc,seq desc limit 1),0);

-- last(line.own) is unknown
select count(*) from a where n=0;

-- sum(line.sales where perishable) > sum(line.sales) * 50%
select count(*) from a where (select coalesce(sum(sales),0) from l where l.id=a.id and dept in ('PRODUCE','MEAT','SEAFOOD','DELI','PASTRY','FLORAL'))>rdiv(spend,2);

-- last(line.store) != first(line.store)
select count(*) from a where (select store from l where l.id=a.id and store is not null order by at desc,seq desc limit 1)!=(select store from l where l.id=a.id and store is not null order by at,seq limit 1);

-- distinct(line.store) in last 6 months >= 3
select count(*) from a where (select count(distinct store) from l where l.id=a.id and day between '2017-02-28' and '2017-08-27')>=3;

-- distinct(line.week) >= 20
select count(*) from a where (select count(distinct week) from l where l.id=a.id and 1)>=20;

-- has(line where product in ("1082185", "6534178"))
select count(*) from a where exists(select 1 from l where l.id=a.id and product in ('1082185','6534178'));

-- has(redemption)
select count(*) from a where exists(select 1 from r where r.id=a.id and 1);

-- days since last(redemption) <= 30
select count(*) from a where (select max(day) from r where r.id=a.id and 1)>='2017-07-28';

-- has(redemption where campaign = member.mailed)
select count(*) from a where exists(select 1 from r where r.id=a.id and campaign=a.mailed);

-- has(redemption where campaign.kind = "Type A" and day >= campaign.begins and day <= campaign.closes)
select count(*) from a where exists(select 1 from r where r.id=a.id and kind='Type A' and day between begins and closes);

-- distinct(redemption.campaign) >= 3
select count(*) from a where (select count(distinct campaign) from r where r.id=a.id and 1)>=3;

-- last(redemption.campaign.kind) = "Type B"
select count(*) from a where (select kind from r where r.id=a.id and kind is not null order by at desc, seq desc limit 1)='Type B';

-- set(redemption.campaign) contains "13" and mailed = "13"
select count(*) from a where exists(select 1 from r where r.id=a.id and campaign='13') and mailed='13';

-- min(redemption.campaign.begins) < 2017-04-01
select count(*) from a where (select min(begins) from r where r.id=a.id and 1)<'2017-04-01';

-- income >= "75-99K"
select count(*) from a where incn>=5;

-- income < "25-34K" or income is unknown
select count(*) from a where incn<2 or incn is null;

-- age_band between "25-34" and "45-54"
select count(*) from a where agen between 1 and 3;

-- home != "Homeowner"
select count(*) from a where home!='Homeowner';

-- not home = "Homeowner"
select count(*) from a where home is null or home!='Homeowner';

-- home not in ("Renter", "Probable Renter")
select count(*) from a where home not in ('Renter','Probable Renter');

-- home in ("Renter", "Probable Renter")
select count(*) from a where home in ('Renter','Probable Renter');

-- home is unknown and number is known
select count(*) from a where home is null and number is not null;

-- (home ?? "none") > "Renter"
select count(*) from a where home is null or home in ('Probable Renter','Probable Homeowner');

-- home ?? "Renter" = "Renter"
select count(*) from a where home is null or home='Renter';

-- married
select count(*) from a where married=1;

-- not married
select count(*) from a where married is null or married=0;

-- married = false
select count(*) from a where married=0;

-- married is unknown and kids > "0"
select count(*) from a where married is null and kids>'0';

-- (married ?? true) and size = "1"
select count(*) from a where coalesce(married,1) and size='1';

-- composition starts with "1 Adult" and not composition ends with "No Kids"
select count(*) from a where substr(comp,1,7)='1 Adult' and substr(comp,-7)!='No Kids';

-- band = "99.99-200"
select count(*) from a where spend>=9999 and spend<20000;

-- band < "50-99.99"
select count(*) from a where spend<5000;

-- band between "25-50" and "50-99.99"
select count(*) from a where spend between 2500 and 9998;

-- quint = 4
select count(*) from a where quint=4;

-- quint = 5 and pace = 4
select count(*) from a where quint=5 and pace=4;

-- pace is unknown
select count(*) from a where pace is null;

-- ntile(10, count(line)) = 10
select count(*) from a where (select count(*) from a b where b.n<a.n)*10/(select count(*) from a)+1=10;

-- ntile(3, (when income >= "50-74K" then spend)) = 1
select count(*) from a where incn>=4 and (select count(*) from a b where b.incn>=4 and b.spend<a.spend)*3/(select count(*) from a where incn>=4)+1=1;

-- stage = "warm"
select count(*) from a where stage='warm';

-- stage > "none" and stage < "cold"
select count(*) from a where stage in ('hot','warm');

-- prime
select count(*) from a where stage='hot' and quint>=4;

-- fading
select count(*) from a where quint>=4 and stage in ('warm','cold');

-- not (prime or fading) and quint >= 4
select count(*) from a where quint>=4 and stage='none';

-- drivers
select count(*) from a where exists(select 1 from l where l.id=a.id and dept='FUEL') and (kids is null or kids='0');

-- family is unknown
select count(*) from a where kids is null;

-- not family = "kids" and stage != "none"
select count(*) from a where (kids is null or kids='0') and stage!='none';

-- (when fuels and quint > 3 then "a" when prime then "b" else "c") in ("a", "b")
select count(*) from a where (exists(select 1 from l where l.id=a.id and dept='FUEL') and quint>3) or (stage='hot' and quint>=4);

-- bucket(count(line), 1, 5, 25) = "5-25"
select count(*) from a where n>=5 and n<25;

-- pilot
select count(*) from a where chance('pilot',num)<0.1;

-- chance("mail 2017") between 0.25 and 0.5 and quint = 5
select count(*) from a where chance('mail 2017',num) between 0.25 and 0.5 and quint=5;

-- spend * 33.333333% = 33.33
select count(*) from a where rdiv(spend*33333333,100000000)=3333;

-- sum(line.sales) / 3 = 10
select count(*) from a where rdiv(spend,3)=1000;

-- sum(line.sales) / 7 + sum(line.off) / 7 >= 20
select count(*) from a where (spend+off)>=rdiv(13997,1) and rdiv((spend+off),7)>=2000;

-- round(sum(line.sales) * 1.5) = 15
select count(*) from a where rdiv(spend*15,1000)=15;

-- floor(-sum(line.sales) / 10) = -1
select count(*) from a where spend>0 and spend<=1000;

-- ceil(-sum(line.sales) / 10) = 0
select count(*) from a where spend<1000;

-- avg(line.sales) * count(line) = sum(line.sales)
select count(*) from a where n>0;

-- avg(line.sales) = usual
select count(*) from a where n>0;

-- usual * count(line) = spend
select count(*) from a where n>0 and rdiv(spend,n)*n=spend;

-- avg(line.sales) - avg(line.off) > 2.005 + 0.995
select count(*) from a where n>0 and rdiv(spend-off,n)>300;

-- 5 - count(line) > 0 - 3
select count(*) from a where n<8;

-- count(line) * 2.5 = 10
select count(*) from a where n=4;

-- count(line) / 4 = 0.25 + 0.25
select count(*) from a where n=2;

-- count(line) - 1 in (1, 3, 5)
select count(*) from a where n in (2,4,6);

-- spend in (1.99, 2.99, 0)
select count(*) from a where spend in (199,299,0);

-- spend not in (0)
select count(*) from a where spend!=0;

-- number between 1 and 10 or number = 2_500
select count(*) from a where number between 1 and 10 or number=2500;

-- not (number > 5)
select count(*) from a where number is null or number<=5;

-- not number is known
select count(*) from a where number is null;

-- (number ?? 0) = 0
select count(*) from a where number is null;

-- number ?? 0 + 1 = 1
select count(*) from a where number is null or number=1;

-- abs(number - 1250) <= 5
select count(*) from a where abs(number-1250)<=5;

-- least(number, count(line)) = number
select count(*) from a where number<=n;

-- greatest(number, 2_400) = number
select count(*) from a where number>=2400;

-- hour(first(line)) = 23 or hour(first(line)) = 0
select count(*) from a where (select hour from l where seq=a.firstseq) in (0,23);

-- day(last(line)) = 31
select count(*) from a where substr(lastday,9)='31';

-- year(first(line)) = 2017 and quarter(first(line)) = 2 and day(first(line)) < 10
select count(*) from a where substr(firstday,6,2) in ('04','05','06') and cast(substr(firstday,9) as int)<10;

-- date(last(line)) = 2017-08-26 and last(line) >= 2017-08-26T20:00
select count(*) from a where lastday='2017-08-26' and lastat>=1503792000;

-- last(line) = 2017-08-26
select count(*) from a where lastday='2017-08-26';

-- last(line) != 2017-08-26
select count(*) from a where lastday!='2017-08-26';

-- last(line) between 2017-08-20 and 2017-08-22
select count(*) from a where lastday between '2017-08-20' and '2017-08-22';

-- last(line) > 2017-08-26
select count(*) from a where lastday>'2017-08-26';

-- first(line) + 1 month < last(line) - 3 months
select count(*) from a where addmonths(firstat,1)<addmonths(lastat,-3);

-- hours since (last(line)) >= 24 * 30
select count(*) from a where (1503844200-lastat)/3600>=720;

-- days since (first(line) + 10 days) < 0
select count(*) from a where julianday('2017-08-27')-julianday(firstday)<10;

-- days since (last(line) - 1 day) = 3
select count(*) from a where recency=2;

-- days until (last(line) + 7 days) >= 0
select count(*) from a where recency<=7;

-- today - mailed.begins > 100
select count(*) from a where julianday('2017-08-27')-julianday(mbegins)>100;

-- mailed.closes - mailed.begins >= 40
select count(*) from a where julianday(mcloses)-julianday(mbegins)>=40;

-- date(last(line)) between mailed.begins and mailed.closes
select count(*) from a where lastday between mbegins and mcloses;

-- has(line where day >= member.mailed.begins and day <= member.mailed.closes)
select count(*) from a where exists(select 1 from l where l.id=a.id and day between a.mbegins and a.mcloses);

-- count(line where at > 2017-08-26T20:00)  > 0
select count(*) from a where exists(select 1 from l where l.id=a.id and at>1503792000);

-- count(line where day between 2017-08-25 and 2017-08-26 or hour(at) in (3, 4)) >= 1
select count(*) from a where exists(select 1 from l where l.id=a.id and (day between '2017-08-25' and '2017-08-26' or hour in (3,4)));

-- max(line.at where hour(at) < 9) > 2017-08-20T00:00
select count(*) from a where (select max(at) from l where l.id=a.id and hour<9)>1503201600;

-- min(line.day where own) = first(line.day)
select count(*) from a where (select min(day) from l where l.id=a.id and own)=firstday;

-- distinct(line.day) >= 15
select count(*) from a where (select count(distinct day) from l where l.id=a.id and 1)>=15;

-- distinct(line.share) > 10
select count(*) from a where (select count(distinct share) from l where l.id=a.id and 1)>10;

-- sum(line.share) > 5
select count(*) from a where (select fsum(share) from l where l.id=a.id and 1)>5;

-- last(line.share) > 0.5
select count(*) from a where (select share from l where l.id=a.id and share is not null order by at desc,seq desc limit 1)>0.5;

-- top(line.weekend by count(line))
select count(*) from a where (select (wd>=6) from l where l.id=a.id and (wd>=6) is not null and 1 group by (wd>=6) order by count(*) desc, max(printf('%012d%08d',at,seq)) desc limit 1);

-- top(line.week by sum(line.sales)) >= 30
select count(*) from a where (select week from l where l.id=a.id and week is not null and 1 group by week order by sum(sales) desc, max(printf('%012d%08d',at,seq)) desc limit 1)>=30;

-- top(line.quantity by count(line) where quantity > 1) = 2
select count(*) from a where (select qty from l where l.id=a.id and qty is not null and qty>1 group by qty order by count(*) desc, max(printf('%012d%08d',at,seq)) desc limit 1)=2;

-- top(line.product by avg(line.sales)) = last(line.product)
select count(*) from a where ((select product from l where l.id=a.id and product is not null and 1 group by product order by avg(sales) desc, max(printf('%012d%08d',at,seq)) desc limit 1))=(select product from l where l.id=a.id and product is not null order by at desc,seq desc limit 1);

-- top(line.product.kind by min(line.sales)) in last 6 months is known
select count(*) from a where exists(select 1 from l where l.id=a.id and kind is not null and day between '2017-02-28' and '2017-08-27');

-- top(line.day by sum(line.sales)) = last(line.day)
select count(*) from a where (select day from l where l.id=a.id and day is not null and 1 group by day order by sum(sales) desc, max(printf('%012d%08d',at,seq)) desc limit 1)=lastday;

-- top(line.own by sum(line.off)) in previous 1 quarter
select count(*) from a where (select own from l where l.id=a.id and own is not null and day between '2017-04-01' and '2017-06-30' group by own order by sum(off) desc, max(printf('%012d%08d',at,seq)) desc limit 1);

-- last(line.product.brand where sales > 5) in this year != "National"
select count(*) from a where (select brand from l where l.id=a.id and brand is not null and sales>500 order by at desc,seq desc limit 1)!='National';

-- first(line.product.category where product.department = "PRODUCE") starts with "B"
select count(*) from a where (select cat from l where l.id=a.id and cat is not null and dept='PRODUCE' order by at,seq limit 1) like 'B%';

-- last(line.product) = "1082185"
select count(*) from a where (select product from l where l.id=a.id and product is not null order by at desc,seq desc limit 1)='1082185';

-- distinct(line.product) in last 3 quarters > 25
select count(*) from a where (select count(distinct product) from l where l.id=a.id and day between '2016-11-28' and '2017-08-27')>25;

-- max(line.product.brand) = "National"
select count(*) from a where (select max(brand) from l where l.id=a.id and 1)='National';

-- set(line.product.kind where own) contains "FLUID MILK WHITE ONLY"
select count(*) from a where exists(select 1 from l where l.id=a.id and own and kind='FLUID MILK WHITE ONLY');

-- set(line.product) in last 1 day contains "1082185"
select count(*) from a where exists(select 1 from l where l.id=a.id and product='1082185' and day between '2017-08-27' and '2017-08-27');

-- set(redemption.campaign.kind) contains "Type C"
select count(*) from a where exists(select 1 from r where r.id=a.id and kind='Type C');

-- has(line where product.brand = "Private" and not (product.category contains "MILK" or product.category contains "BREAD") and sales between 1 and 2)
select count(*) from a where exists(select 1 from l where l.id=a.id and brand='Private' and not (instr(coalesce(cat,''),'MILK') or instr(coalesce(cat,''),'BREAD')) and sales between 100 and 200);

-- has(line where product.package ends with "OZ" and product.brand in ("Private"))
select count(*) from a where exists(select 1 from l where l.id=a.id and package like '%OZ' and brand='Private');

-- has(line where product.brand != "National" and product.department is known)
select count(*) from a where exists(select 1 from l where l.id=a.id and brand!='National' and dept is not null);

-- has(line where product.brand >= "Private")
select count(*) from a where exists(select 1 from l where l.id=a.id and brand='Private');

-- has(line where sales * quantity > 1_000)
select count(*) from a where exists(select 1 from l where l.id=a.id and rdiv(sales*qty,1)>100000);

-- has(line where off > sales * 50% and off / shelf >= 1 / 3)
select count(*) from a where exists(select 1 from l where l.id=a.id and off>rdiv(sales,2) and shelf>0 and 3*off>=shelf);

-- has(line where quantity = 0)
select count(*) from a where exists(select 1 from l where l.id=a.id and qty=0);

-- has(line where sales / quantity is unknown)
select count(*) from a where exists(select 1 from l where l.id=a.id and qty=0);

-- has(line where (sales / quantity ?? 9_999) > 1_000)
select count(*) from a where exists(select 1 from l where l.id=a.id and qty=0 or rdiv(sales,qty)>100000);

-- has(line where member.income >= "100-124K" and sales > 20)
select count(*) from a where incn>=6 and exists(select 1 from l where l.id=a.id and sales>2000);

-- has(line where member.household = "1" or member.number = 2)
select count(*) from a where n>0 and (id='1' or number=2);

-- has(line where sales = member.spend)
select count(*) from a where exists(select 1 from l where l.id=a.id and sales=a.spend);

-- count(line where not member.married) > 50
select count(*) from a where n>50 and coalesce(married,0)=0;

-- household = "1"
select count(*) from a where id='1';

-- household contains "99"
select count(*) from a where instr(id,'99');

-- length(composition) > 15 and lower(composition) = "2 adults no kids"
select count(*) from a where comp='2 Adults No Kids';

-- kids = "0" and composition contains "Kids" and size >= "2"
select count(*) from a where kids='0' and instr(comp,'Kids') and size>='2';

-- not (income between "25-34K" and "75-99K")
select count(*) from a where incn is null or not incn between 2 and 5;

-- (when income >= "100-124K" then "rich" when kids > "0" then "kids") ?? "rest" = "rest"
select count(*) from a where not coalesce(incn>=6,0) and not coalesce(kids>'0',0);

-- (when married then spend else 0) > 200
select count(*) from a where married=1 and spend>20000;

-- (when count(line) > 10 then 1 when count(line) > 5 then 2.5) * 2 = 5
select count(*) from a where n between 6 and 10;

-- (when number > 1_000 then spend) is unknown
select count(*) from a where number is null or number<=1000;

-- bucket(avg(line.share), 0.05, 0.1, 25%) >= "0.05-0.1"
select count(*) from a where (select favg(share) from l where l.id=a.id and 1)>=0.05;

-- bucket(recency, 0, 7) != "0-7"
select count(*) from a where recency>=7;

-- ntile(2, number) = 2
select count(*) from a where (select count(*) from a b where b.number<a.number)*2/(select count(*) from a where number is not null)=1;

-- ntile(100, spend) = 100
select count(*) from a where (select count(*) from a b where b.spend<a.spend)*100/(select count(*) from a)=99;

-- ntile(4, avg(line.share)) = 1
select count(*) from a where exists(select 1 from l where l.id=a.id and share is not null) and (select count(*) from sh b where b.s<(select s from sh where sh.id=a.id))*4/(select count(*) from sh where s is not null)=0;

-- chance("é中") < 50%
select count(*) from a where chance('é中',num)<0.5;

-- chance("") >= 0.9
select count(*) from a where chance('',num)>=0.9;

-- has(redemption) in this day
select count(*) from a where exists(select 1 from r where r.id=a.id and day between '2017-08-27' and '2017-08-27');

-- has(redemption) in last 10 hours
select count(*) from a where exists(select 1 from r where r.id=a.id and at>1503808200);

-- has(redemption) in last 11 hours
select count(*) from a where exists(select 1 from r where r.id=a.id and at>1503804600);

-- has(line) in last 3 weeks
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-07' and '2017-08-27');

-- has(line) in previous 13 weeks
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-05-28' and '2017-08-26');

-- has(line) in previous 200 days
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-02-08' and '2017-08-26');

-- has(line) before today and not has(line) before 2017-08-26
select count(*) from a where firstday='2017-08-26';

-- has(line) from 2017-02-28 to 2017-02-28
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-02-28' and '2017-02-28');

-- has(line) from 2017-08-01 to today
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2017-08-01' and '2017-08-27');

-- distinct(redemption.campaign.begins) >= 2
select count(*) from a where (select count(distinct begins) from r where r.id=a.id and 1)>=2;

-- prime and not fading and (drivers or pilot)
select count(*) from a where stage='hot' and quint>=4 and ((exists(select 1 from l where l.id=a.id and dept='FUEL') and (kids is null or kids='0')) or chance('pilot',num)<0.1);

-- favourite not in ("GROCERY", "DRUG GM") and favourite is known
select count(*) from a where fav not in ('GROCERY','DRUG GM');

-- fuels = true
select count(*) from a where exists(select 1 from l where l.id=a.id and dept='FUEL');

-- fuels != has(line)
select count(*) from a where n>0 and not exists(select 1 from l where l.id=a.id and dept='FUEL');

-- anniversary(last(line)) - today < 200
select count(*) from a where julianday(date(lastday,'+1 year'))-julianday('2017-08-27')<200;

-- age(first(line)) = 0
select count(*) from a where n>0;
